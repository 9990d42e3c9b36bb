package responders

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/google/uuid"
)

// A task's id looks like a random UUID, as the vendor's do, and tells when and
// how the task was made. So even a server that never saw the task, or has
// forgotten it, can answer for one that went the usual way.

// taskID is what an id tells.
type taskID struct {
	made    time.Time // In milliseconds.
	kind    int       // An index of taskKinds.
	results int       // How many the task will have, up to 15.
	usual   bool      // Whether nothing else has to be known of the task.
}

// Where what stands in the 16 bytes of an id: 6 of the time, the version and
// the kind in one, the results and whether all is usual in one, then chance,
// which begins with the variant, and the check.
const (
	taskIDChance = 8
	taskIDCheck  = 13
)

// taskID makes an id for a task of the namespace.
func (m Meta) taskID(namespace string, t taskID) string {
	id := uuid.UUID{}
	binary.BigEndian.PutUint64(id[:8], uint64(t.made.UnixMilli())<<16)
	id[6] = byte(t.kind & 0x0f)
	id[7] = byte(t.results&0x0f) << 1
	if t.usual {
		id[7] |= 1
	}
	chance := m.chance(forTask)
	for i := taskIDChance; i < taskIDCheck; i++ {
		id[i] = byte(chance.UintN(256))
	}
	id[8] = id[8]&0x3f | 0x80
	seal(&id, namespace)
	veil(&id)
	return formUUID(id, 4)
}

// readTaskID reads an id that was made for the namespace.
func readTaskID(text, namespace string) (taskID, bool) {
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return taskID{}, false
	}
	veil(&id)
	id[6] &= 0x0f
	sealed := id
	seal(&sealed, namespace)
	t := taskID{
		made: time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)),
		kind: int(id[6]), results: int(id[7] >> 1 & 0x0f), usual: id[7]&1 == 1,
	}
	return t, sealed == id && t.kind < len(taskKinds)
}

// seal writes the check, which others' ids and those of other namespaces do not
// have.
func seal(id *uuid.UUID, namespace string) {
	h := fnv.New64a()
	h.Write(id[:taskIDCheck])
	h.Write([]byte(namespace))
	sum := h.Sum64()
	for i := taskIDCheck; i < len(id); i++ {
		id[i] = byte(sum)
		sum >>= 8
	}
}

// veil hides what is told behind the chance and the check, or brings it to
// light again. The version is left alone.
func veil(id *uuid.UUID) {
	h := fnv.New64a()
	h.Write(id[taskIDChance:])
	mask := h.Sum64() &^ (0xf0 << 8)
	told := binary.BigEndian.Uint64(id[:taskIDChance])
	binary.BigEndian.PutUint64(id[:taskIDChance], told^mask)
}
