package responders

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
)

// chance returns a source of which all ids of one answer are drawn, in a fixed
// order. Each purpose has its own, so that one id does not shift another.
func (m Meta) chance(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(m.Entropy[0]^purpose, m.Entropy[1]))
}

// requestUUID returns a request id as DashScope forms them: a UUID whose third
// group starts with 9.
func (m Meta) requestUUID() string {
	return formUUID(m.entropyUUID(), 9)
}

// bceRequestID returns a request id as Baidu Cloud forms them, a random UUID.
// The header and the body of one answer name the same.
func (m Meta) bceRequestID() string { return formUUID(m.entropyUUID(), 4) }

// randomUUID returns a random UUID of that purpose.
func (m Meta) randomUUID(purpose uint64) string {
	chance := m.chance(purpose)
	id := uuid.UUID{}
	for i := range id {
		id[i] = byte(chance.UintN(256))
	}
	return formUUID(id, 4)
}

// entropyUUID returns the answer's entropy as it is.
func (m Meta) entropyUUID() (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], m.Entropy[0])
	binary.BigEndian.PutUint64(id[8:], m.Entropy[1])
	return id
}

// formUUID writes the bytes as a UUID of that version.
func formUUID(id uuid.UUID, version byte) string {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// text draws n characters of the alphabet.
func text(r *rand.Rand, n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	lowerHex   = "0123456789abcdef"
	upperHex   = "0123456789ABCDEF"
	base64Abc  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// Purposes of chance, one per kind of id.
const (
	forAnswerID uint64 = 1 + iota
	forHeaders
	forToken
	forToolCalls
	forLogID uint64 = 1<<32 + iota // Beyond the calls' own.
	forConversation
	forMessage
	forTask
	forEvents uint64 = 1 << 40 // From here on, the messages of a WebSocket, by their number.
)
