package responders

import (
	"encoding/binary"
	"net/http"

	"github.com/google/uuid"
)

// What every answer of qianfan.baidubce.com shares, whatever its dialect.

// qianfanHostHeader returns the headers of an answer of qianfan.baidubce.com,
// without a content type: a refusal of its gateway has none.
func (m Meta) qianfanHostHeader() http.Header {
	return http.Header{
		"Bfe-Trace-Id":         {text(m.chance(forHeaders), 32, lowerHex)},
		"Date":                 {m.Now.UTC().Format(http.TimeFormat)},
		"X-Bce-Gateway-Region": {"BJ"},
		"X-Bce-Request-Id":     {m.bceRequestID()},
	}
}

// bceRequestID returns a request id as Baidu Cloud forms them, a random UUID.
// The header and the body of one answer name the same.
func (m Meta) bceRequestID() string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], m.Entropy[0])
	binary.BigEndian.PutUint64(id[8:], m.Entropy[1])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
