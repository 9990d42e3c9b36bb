// Command app stands for an application that knows nothing of mockllm: the
// vendors' hosts are written into it, as into many SDKs. compose.yaml runs it
// beside the mock.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	err := ask("https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
		`{"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello!"}]}`)
	if err == nil {
		err = ask("http://qianfan.baidubce.com/v2/chat/completions",
			`{"model": "ernie-4.0-8k", "messages": [{"role": "user", "content": "Hello!"}]}`)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

// ask calls until it is answered well, as a client with retries does.
func ask(url, body string) error {
	client := http.Client{Timeout: 10 * time.Second}
	for try := range 5 {
		time.Sleep(time.Duration(try) * 100 * time.Millisecond)
		req, err := http.NewRequest("POST", url, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer any")
		answer, err := client.Do(req)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n%s\n", url, answer.Status, text)
		if answer.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s: no success", url)
}
