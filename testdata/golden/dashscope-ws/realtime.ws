### scenario
[[rule]]
name = "r"
match.operation = "chat"
reply = { text = "One, two.", frames = 2 }
### conversation /api-ws/v1/realtime?model=qwen3-omni-flash-realtime
{"event_id":"event_SCaNLs76sn7qDCY0WEP0W","type":"session.created","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text","audio"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"session.update","session":{"modalities":["audio"]}}
{"event_id":"event_1E1AFzAJq0j2BvvDDVJ4A","type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"Invalid modalities: ['audio']. Supported combinations are: ['text'] and ['audio', 'text'].","param":"session.modalities"}}
> {"type":"session.update","session":{"modalities":["text"]}}
{"event_id":"event_JnKixP05ETTdz3AEND0X5","type":"session.updated","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"response.create"}
{"event_id":"event_z5DOn6cKd7bDtHD7EXZTN","type":"response.created","response":{"id":"resp_GqkVI99WYYYsEMm0KUaxc","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"in_progress","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[]}}
{"event_id":"event_NTNdXt9hCL4ETwmIX0Z17","type":"response.output_item.added","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","output_index":0,"item":{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_F89Q0mW5L8IBL4tUyMnwG","type":"conversation.item.created","item":{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"event_id":"event_wJ8BMV54nnNoDOdb40sFN","type":"response.content_part.added","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"part":{"type":"text","text":""}}
{"event_id":"event_jviq7ebqeGV7KhsIZMxcQ","type":"response.text.delta","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"delta":"One,"}
{"event_id":"event_puqtDGaqSWX897fERtgtR","type":"response.text.delta","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"delta":" two."}
{"event_id":"event_h7B9MLwi6srrIaN0YvAyY","type":"response.text.done","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"text":"One, two."}
{"event_id":"event_BqWql3QsnoMkyrDh89TnY","type":"response.content_part.done","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"part":{"type":"text","text":"One, two."}}
{"event_id":"event_upxghJ56Qvs2jkTMjjpYe","type":"response.output_item.done","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","output_index":0,"item":{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"completed","role":"assistant","content":[{"type":"text","text":"One, two."}]}}
{"event_id":"event_CdHkB8FCr0c7jxGxpo4ZW","type":"response.done","response":{"id":"resp_GqkVI99WYYYsEMm0KUaxc","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"completed","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[{"id":"item_Hzx1PlsKRlm21pHpyE3uH","object":"realtime.item","type":"message","status":"completed","role":"assistant","content":[{"type":"text","text":"One, two."}]}],"usage":{"total_tokens":5,"input_tokens":1,"output_tokens":4,"input_tokens_details":{"text_tokens":1,"audio_tokens":0},"output_tokens_details":{"text_tokens":4}}}}
> {"type":"response.cancel"}
{"event_id":"event_bm7VnGfEIsdT9cUyZ9J8q","type":"error","error":{"type":"invalid_request_error","code":null,"message":"Conversation has none active response"}}
> {"type":"conversation.item.create","item":{"type":"message"}}
{"event_id":"event_Y4nw7wDjADcmN8C2KygXq","type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"Invalid value: 'message'. Supported values are: 'function_call_output'.","param":"item.type"}}
