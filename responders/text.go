package responders

import (
	"hash/fnv"
	"iter"
	"slices"
	"strings"
	"unicode"
)

// sentences are what a default answer is made of, in English and in Chinese.
// None may contain the letters of the SSE field name that the official Qianfan
// Go SDK takes for one wherever it stands in a line; a test holds that.
var (
	english = []string{
		"This answer was made up by mockllm and costs nothing.",
		"The same question always gets the same reply.",
		"No model was asked, so nothing here is true by more than luck.",
		"A calm client reads each frame and waits for the last one.",
		"Count the tokens if you like: the numbers add up.",
		"Try a scenario file when you want something to go wrong.",
		"Somewhere a retry loop is waiting for its turn.",
		"The sky is a shade of grey that nobody has named yet.",
	}
	chinese = []string{
		"这是 mockllm 编造的回答，不产生任何费用。",
		"同样的问题总会得到同样的回答。",
		"没有询问任何模型，所以内容纯属虚构。",
		"稳健的客户端会读完每一帧，再等最后一帧。",
		"如果愿意，可以数一数令牌，数字是对得上的。",
		"想让事情出错时，写一个场景文件即可。",
		"某个重试循环正在等待它的机会。",
		"天空是一种还没有名字的灰色。",
	}
)

// madeUp returns a few sentences, a function of the seed text alone, in the
// language of the prompt.
func madeUp(seed, prompt string) string {
	sentences, glue := english, " "
	if strings.ContainsFunc(prompt, isHan) {
		sentences, glue = chinese, ""
	}
	h := fnv.New64a()
	h.Write([]byte(seed))
	pick := h.Sum64()
	first := int(pick % uint64(len(sentences)))
	step := 1 + 2*int(pick>>8%4) // Odd, so that no sentence comes twice.
	count := 2 + int(pick>>16%2)
	parts := make([]string, count)
	for i := range parts {
		parts[i] = sentences[(first+i*step)%len(sentences)]
	}
	return strings.Join(parts, glue)
}

// thought is the default reasoning.
func thought(prompt string) string {
	if strings.ContainsFunc(prompt, isHan) {
		return "用户提出了一个问题。直接给出简短的回答即可。"
	}
	return "The user asks something. A short answer will do."
}

// isWord reports whether a character is part of a word.
func isWord(c rune) bool {
	if c < unicode.MaxASCII {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	return !isHan(c) && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// isHan reports whether it is a Chinese character. Most are none, which is
// seen faster than found in the table.
func isHan(c rune) bool { return c >= firstHan && unicode.Is(unicode.Han, c) }

// firstHan is the first character of the script, a radical.
const firstHan = 0x2e80

// tokens returns what we count as tokens of a text.
func tokens(text string) []string { return slices.Collect(eachToken(text)) }

// countTokens counts without keeping any, as a long text has many more bytes of
// tokens than of text.
func countTokens(text string) int {
	n := 0
	for range eachToken(text) {
		n++
	}
	return n
}

// eachToken cuts text into what we count as tokens: a Han character, a mark, or
// up to six letters or digits with the blank before them. Joined they are the
// text again.
func eachToken(text string) iter.Seq[string] {
	return func(yield func(string) bool) { cutTokens(text, yield) }
}

func cutTokens(text string, yield func(string) bool) {
	const longest = 6
	start, letters := 0, 0
	for i, c := range text {
		word := isWord(c)
		switch {
		case word && letters > 0 && letters < longest:
			letters++
			continue
		case word && letters == 0 && i > start && strings.TrimSpace(text[start:i]) == "":
			letters = 1 // The blank belongs to the word.
			continue
		}
		if i > start && !yield(text[start:i]) {
			return
		}
		start, letters = i, 0
		if word {
			letters = 1
		}
	}
	if start < len(text) {
		yield(text[start:])
	}
}

// cut joins tokens into pieces: as many as wanted, or three tokens each if
// wanted is 0. With fewer tokens than pieces wanted, characters are cut.
func cut(text string, wanted int) pieces {
	if text == "" {
		return pieces{}
	}
	ends := make([]int, 0, countTokens(text))
	for token := range eachToken(text) {
		ends = append(ends, endOf(ends)+len(token))
	}
	if wanted == 0 {
		wanted = min((len(ends)+2)/3, maxPieces, 1+maxRepeated/len(text))
	}
	if len(ends) < wanted {
		ends = ends[:0]
		for begin := range text {
			if begin > 0 {
				ends = append(ends, begin)
			}
		}
		ends = append(ends, len(text))
	}
	wanted = min(wanted, len(ends))
	p := pieces{text: text, ends: make([]int32, wanted)}
	for i := range p.ends {
		p.ends[i] = int32(ends[(i+1)*len(ends)/wanted-1])
	}
	return p
}

// pieces is a text that is cut: where they end, not the pieces, because
// thousands of streams at once hold as many.
type pieces struct {
	text string
	ends []int32
}

// asPieces takes these pieces as they are.
func asPieces(parts []string) pieces {
	p := pieces{text: strings.Join(parts, ""), ends: make([]int32, len(parts))}
	end := 0
	for i, part := range parts {
		end += len(part)
		p.ends[i] = int32(end)
	}
	return p
}

func (p pieces) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		from := int32(0)
		for _, to := range p.ends {
			if !yield(p.text[from:to]) {
				return
			}
			from = to
		}
	}
}

// endOf returns where the last of the parts ends that end there.
func endOf(ends []int) int {
	if len(ends) == 0 {
		return 0
	}
	return ends[len(ends)-1]
}

// maxPieces bounds the frames of an answer whose scenario does not number them.
const maxPieces = 2_000

// maxRepeated bounds the bytes of all pieces if each is sent with those before
// it, as streams of the native API do: a long text is cut into fewer pieces.
const maxRepeated = 16 << 20
