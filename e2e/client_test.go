package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clientName is what the test binary is called when it is the CMD of mockllm
// run.
const clientName = "client"

// linkClient makes this program callable as client, beside the command.
func linkClient(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, clientName))
}

// client does what its arguments say, one after the other, and returns the
// exit code.
func client(args []string) int {
	for _, arg := range args {
		what, with, _ := strings.Cut(arg, "=")
		n, _ := strconv.Atoi(with)
		switch what {
		case "try": // Calls at most n times, with pauses that grow, until there is an answer.
			if !clientTry(n) {
				return 1
			}
		case "hammer": // Calls n times, whatever comes.
			for range n {
				clientCall()
			}
		case "exit":
			return n
		case "kill": // Ends itself by a signal.
			syscall.Kill(os.Getpid(), syscall.Signal(n))
			time.Sleep(time.Minute)
		case "env":
			fmt.Println(os.Getenv(with))
		case "cat":
			io.Copy(os.Stdout, os.Stdin)
		case "complain":
			fmt.Fprintln(os.Stderr, with)
		case "stubborn": // Does not end by these.
			signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		case "obey": // Ends with success by these.
			asked := make(chan os.Signal, 1)
			signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT)
			go func() {
				<-asked
				os.Exit(0)
			}()
		case "leave": // Starts another one, which does as it is told by with, and does not wait for it.
			other := exec.Command(os.Args[0], strings.Split(with, ",")...)
			other.Stdout = os.Stdout
			if err := other.Start(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		case "wait": // Says who waits, and does so for longer than any test.
			fmt.Println("waiting", os.Getpid())
			time.Sleep(time.Hour)
		default:
			fmt.Fprintf(os.Stderr, "client: what is %q?\n", arg)
			return 1
		}
	}
	return 0
}

func clientTry(most int) bool {
	for i := range most {
		if clientCall() == http.StatusOK {
			return true
		}
		time.Sleep(120 * time.Millisecond << i)
	}
	return false
}

// clientCall asks for a completion as an OpenAI client does, and returns the status.
func clientCall() int {
	req, err := http.NewRequest("POST", os.Getenv("OPENAI_BASE_URL")+"/chat/completions",
		strings.NewReader(`{"model":"qwen-plus","messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("OPENAI_API_KEY"))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}
