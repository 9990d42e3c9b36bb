package responders

// The messages of a task, key by key as captured.

// taskEvent writes an event of a task.
func taskEvent(id, event string, attributes, payload []byte) Frame {
	header := obj().str("task_id", id).str("event", event).raw("attributes", attributes).end()
	return obj().raw("header", header).raw("payload", payload).end()
}

func taskStarted(id string) Frame { return taskEvent(id, "task-started", obj().end(), obj().end()) }

func taskFailed(id, code, message string) Frame {
	header := obj().str("task_id", id).str("event", "task-failed").
		str("error_code", code).str("error_message", message).raw("attributes", obj().end()).end()
	return obj().raw("header", header).raw("payload", obj().end()).end()
}

// attributes are those of a task that has a result.
func (m Meta) attributes() []byte {
	return obj().str("request_uuid", m.randomUUID(forAnswerID)).str("x-ds-batch-queue-length", "0").end()
}

func (m Meta) resultGenerated(id string, payload []byte) SocketEvent {
	frame := taskEvent(id, "result-generated", m.attributes(), payload)
	return SocketEvent{SocketFrame: SocketFrame{Data: frame}, Part: SocketResult}
}

func (m Meta) taskFinished(id string, payload []byte) SocketEvent {
	frame := taskEvent(id, "task-finished", m.attributes(), payload)
	return SocketEvent{SocketFrame: SocketFrame{Data: frame}, Part: SocketFinish}
}

// binaryEvent is a piece of sound.
func binaryEvent(data []byte) SocketEvent {
	return SocketEvent{SocketFrame: SocketFrame{Binary: true, Data: data}, Part: SocketResult}
}
