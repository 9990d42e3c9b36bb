package responders

// date is the time of the answer as a Date header has it: what time.Format makes
// of [net/http.TimeFormat], which has to be read again for each answer.
func (m Meta) date() string {
	now := m.Now.UTC()
	year, month, day := now.Date()
	hour, minute, second := now.Clock()
	b := make([]byte, 0, len("Mon, 02 Jan 2006 15:04:05 GMT"))
	b = append(append(b, now.Weekday().String()[:3]...), ", "...)
	b = append(appendTwo(b, day), ' ')
	b = append(append(b, month.String()[:3]...), ' ')
	b = append(appendTwo(appendTwo(b, year/100), year%100), ' ')
	b = append(appendTwo(b, hour), ':')
	b = append(appendTwo(b, minute), ':')
	return string(append(appendTwo(b, second), " GMT"...))
}

// appendTwo appends a number of two digits.
func appendTwo(b []byte, n int) []byte {
	return append(b, byte('0'+n/10%10), byte('0'+n%10))
}
