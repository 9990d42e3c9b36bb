### scenario
### conversation /api-ws/v1/realtime?model=qwen3-omni-flash-realtime
{"event_id":"event_SCaNLs76sn7qDCY0WEP0W","type":"session.created","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text","audio"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"session.update","session":{"modalities":["audio"]}}
{"event_id":"event_1E1AFzAJq0j2BvvDDVJ4A","type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"Invalid modalities: ['audio']. Supported combinations are: ['text'] and ['audio', 'text'].","param":"session.modalities"}}
> {"type":"session.update","session":{"modalities":["text"]}}
{"event_id":"event_JnKixP05ETTdz3AEND0X5","type":"session.updated","session":{"object":"realtime.session","model":"qwen3-omni-flash-realtime","modalities":["text"],"voice":"Cherry","input_audio_format":"pcm","output_audio_format":"pcm","input_audio_transcription":{"model":"qwen3-asr-flash-realtime"},"turn_detection":{"type":"server_vad","threshold":0.5,"prefix_padding_ms":300,"silence_duration_ms":800,"create_response":true,"interrupt_response":true},"id":"sess_u19ODB3WNasaiINR6SAWP"}}
> {"type":"response.create"}
{"event_id":"event_z5DOn6cKd7bDtHD7EXZTN","type":"response.created","response":{"id":"resp_GqkVI99WYYYsEMm0KUaxc","object":"realtime.response","conversation_id":"conv_epY9uv6r0kCCqXf33AqEE","status":"in_progress","modalities":["text"],"voice":"Cherry","output_audio_format":"pcm","output":[]}}
{"event_id":"event_NTNdXt9hCL4ETwmIX0Z17","type":"response.text.delta","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"delta":"The sky"}
{"event_id":"event_F89Q0mW5L8IBL4tUyMnwG","type":"response.text.delta","response_id":"resp_GqkVI99WYYYsEMm0KUaxc","item_id":"item_Hzx1PlsKRlm21pHpyE3uH","output_index":0,"content_index":0,"delta":" is a shade"}
