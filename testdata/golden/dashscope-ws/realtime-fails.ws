### scenario
[[rule]]
name = "early end"
match.operation = "chat"
when.calls = 3
fault = "early-end"
[[rule]]
name = "r"
match.operation = "chat"
when.calls = 1
error = "DataInspectionFailed"
delivery = { mode = "mid-stream", after_frames = 1 }
[[rule]]
name = "said"
match.operation = "chat"
reply = { text = "One, two.", frames = 2 }
### conversation /api-ws/v1/realtime?model=qwen3-omni-flash-realtime
{"event_id":"event_SCaNLs76sn7qDCY0WEP0W","type":"session.created","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text","audio"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"session.update","session":{"modalities":["text"]}}
{"event_id":"event_1E1AFzAJq0j2BvvDDVJ4A","type":"session.updated","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"response.create"}
{"event_id":"event_z5DOn6cKd7bDtHD7EXZTN","type":"response.created","response":{"id":"resp_GqkVI99WYYYsEMm0KUaxc","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"in_progress","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[]}}
{"event_id":"event_NTNdXt9hCL4ETwmIX0Z17","type":"response.output_item.added","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","output_index":0,"item":{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_F89Q0mW5L8IBL4tUyMnwG","type":"conversation.item.created","item":{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_wJ8BMV54nnNoDOdb40sFN","type":"response.content_part.added","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"part":{"type":"text","text":""}}
{"event_id":"event_jviq7ebqeGV7KhsIZMxcQ","type":"response.text.delta","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"delta":"The sky"}
{"event_id":"event_RyYD67RyuaNwEO2nP2XHN","type":"error","error":{"type":"DataInspectionFailed","code":"DataInspectionFailed","message":"Output data may contain inappropriate content."}}
> {"type":"response.create"}
{"event_id":"event_rQ2FzRIJYOlxXfz2nOXPR","type":"response.created","response":{"id":"resp_ks2Q7XhqHtji4DWZG1V1C","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"in_progress","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[]}}
{"event_id":"event_ov1zYpiFeCtoyOSgfk6Pz","type":"response.output_item.added","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","output_index":0,"item":{"id":"item_a6u1eqQFd9UjrNAe8ISTB","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_q0x4TtSRV9IQ7MsdChSRu","type":"conversation.item.created","item":{"id":"item_a6u1eqQFd9UjrNAe8ISTB","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_okE9vfRYPKzPxmuR1iyqy","type":"response.content_part.added","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","item_id":"item_a6u1eqQFd9UjrNAe8ISTB","output_index":0,"content_index":0,"part":{"type":"text","text":""}}
{"event_id":"event_1pABsTJZFb0ukNBHsBNSF","type":"response.text.delta","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","item_id":"item_a6u1eqQFd9UjrNAe8ISTB","output_index":0,"content_index":0,"delta":"One,"}
{"event_id":"event_QUYgDwYKHAEnK1N1mYXmX","type":"response.text.delta","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","item_id":"item_a6u1eqQFd9UjrNAe8ISTB","output_index":0,"content_index":0,"delta":" two."}
{"event_id":"event_8dUGKj5Lsp7YUQIe7BRK4","type":"response.text.done","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","item_id":"item_a6u1eqQFd9UjrNAe8ISTB","output_index":0,"content_index":0,"text":"One, two."}
{"event_id":"event_ZSK7rGJJMh0QgXWcoNrNM","type":"response.content_part.done","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","item_id":"item_a6u1eqQFd9UjrNAe8ISTB","output_index":0,"content_index":0,"part":{"type":"text","text":"One, two."}}
{"event_id":"event_TfSqqsT9Q4fsZ4sPESiau","type":"response.output_item.done","response_id":"resp_ks2Q7XhqHtji4DWZG1V1C","output_index":0,"item":{"id":"item_a6u1eqQFd9UjrNAe8ISTB","object":"realtime.item","type":"message","status":"completed","role":"assistant","content":[{"type":"text","text":"One, two."}]}}
{"event_id":"event_CJiHYSCcOx4Sf1ey2RDIU","type":"response.done","response":{"id":"resp_ks2Q7XhqHtji4DWZG1V1C","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"completed","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[{"id":"item_a6u1eqQFd9UjrNAe8ISTB","object":"realtime.item","type":"message","status":"completed","role":"assistant","content":[{"type":"text","text":"One, two."}]}],"usage":{"total_tokens":5,"input_tokens":1,"output_tokens":4,"input_tokens_details":{"text_tokens":1,"audio_tokens":0},"output_tokens_details":{"text_tokens":4}}}}
> {"type":"response.create"}
{"event_id":"event_VRBA0Ld2LW9QCaudOVa7V","type":"response.created","response":{"id":"resp_jeZNvz10bQdMN9u5FCL97","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"in_progress","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[]}}
{"event_id":"event_MlwavT1WZgBEI4hARc7Xs","type":"response.output_item.added","response_id":"resp_jeZNvz10bQdMN9u5FCL97","output_index":0,"item":{"id":"item_9TPV5ZvnzY3RDcfRvcmMw","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_0p3FXopa6OofnYMADde3V","type":"conversation.item.created","item":{"id":"item_9TPV5ZvnzY3RDcfRvcmMw","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_zQs6ykK8wW4ck5pOrERHo","type":"response.content_part.added","response_id":"resp_jeZNvz10bQdMN9u5FCL97","item_id":"item_9TPV5ZvnzY3RDcfRvcmMw","output_index":0,"content_index":0,"part":{"type":"text","text":""}}
{"event_id":"event_MICI1BeNIDPJ9gjxM8l40","type":"response.text.delta","response_id":"resp_jeZNvz10bQdMN9u5FCL97","item_id":"item_9TPV5ZvnzY3RDcfRvcmMw","output_index":0,"content_index":0,"delta":"One,"}
{"event_id":"event_V909DEdBMWPshStNMqp3q","type":"response.text.delta","response_id":"resp_jeZNvz10bQdMN9u5FCL97","item_id":"item_9TPV5ZvnzY3RDcfRvcmMw","output_index":0,"content_index":0,"delta":" two."}
closed 1000
