package redisstate_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// ask sends a call to a namespace and returns the status and which rule answered.
func ask(t *testing.T, srv *mockllm.Server, namespace string) string {
	t.Helper()
	url := srv.URL()
	if namespace != "" {
		url += "/ns/" + namespace
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(bodies()[0]))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk")
	req.Header.Set("Content-Type", "application/json")
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.Status[:3] + res.Header.Get("X-Mockllm-Rule")
}

func loaded(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load("put.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	arrears = "[[rule]]\nname = \"arrears\"\nerror = \"Arrearage\"\n"
	busy    = "[[rule]]\nname = \"busy\"\nerror = \"Throttling.RateQuota\"\n"
)

// TestLookingAtAnotherReplicasNamespace: who looks at a namespace sees what the
// servers agreed on, and does not make it on the server that is asked.
func TestLookingAtAnotherReplicasNamespace(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	a, b := two[0].Admin(), two[1].Admin()
	if err := two[0].Namespace("blue").Follow(loaded(t, arrears)); err != nil {
		t.Fatal(err)
	}
	if err := a.StopClock("blue", true); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := b.Scenario("blue").Source(); string(got) != arrears {
			t.Errorf("the scenario is %q", got)
		}
		if got, want := b.Clock("blue"), a.Clock("blue"); !got.Stopped || !got.Now.Equal(want.Now) {
			t.Errorf("the clock is %v, want %v", got, want)
		}
		if got := b.Judge("blue").Scenario; got != b.Scenario("blue").Name {
			t.Errorf("judged by %q", got)
		}
		b.JudgedFrom("blue")
		if got := b.Namespaces(); len(got) != 1 {
			t.Errorf("there is %v", got)
		}
	}
}

// TestScenarioOfReplicas: a scenario that one replica was told holds on all at
// once, also in a namespace that follows the default one's.
func TestScenarioOfReplicas(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	a, b := two[0], two[1]
	want := func(srv *mockllm.Server, namespace, want string) {
		t.Helper()
		if got := ask(t, srv, namespace); got != want {
			t.Errorf("%q: got %s, want %s", namespace, got, want)
		}
	}
	want(b, "blue", "200")
	if err := a.Namespace("blue").Follow(loaded(t, arrears)); err != nil {
		t.Fatal(err)
	}
	want(b, "blue", "400arrears")
	want(a, "blue", "400arrears")
	want(b, "red", "200")
	if err := b.Namespace("blue").Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(a, "blue", "400arrears") // It outlives a reset.
	if got := b.Admin().Scenario("blue").Source(); string(got) != arrears {
		t.Errorf("the other replica follows %s", got)
	}
	if err := b.Follow(loaded(t, busy)); err != nil {
		t.Fatal(err)
	}
	want(a, "red", "429busy")
	want(a, "", "429busy")
	want(a, "blue", "400arrears")
	if err := b.Namespace("blue").Follow(nil); err != nil {
		t.Fatal(err)
	}
	want(a, "blue", "429busy")
	if err := a.Namespace("green").Follow(loaded(t, arrears)); err != nil {
		t.Fatal(err)
	}
	want(b, "green", "400arrears")
	if err := a.Namespace("told").Follow(loaded(t, arrears)); err != nil {
		t.Fatal(err)
	}
	want(a, "called", "429busy")
	for namespace, there := range map[string]bool{"never": false, "told": true, "called": true} { // None of which it saw.
		if found, err := b.Admin().Forget(t.Context(), namespace); err != nil || found != there {
			t.Errorf("there was a namespace %s: %t, %v", namespace, found, err)
		}
	}
	if found, err := a.Admin().Forget(t.Context(), "green"); err != nil || !found {
		t.Fatal(found, err)
	}
	want(b, "green", "429busy")
	if err := a.Follow(&scenarios.Scenario{Name: "in Go"}); err == nil || !strings.Contains(err.Error(), "no text") {
		t.Errorf("a scenario without a text: %v", err)
	}
}

// TestNoChangeOfReplicasIsLost: replicas that replace a scenario at once, each only
// the one that it knows, and move the clock meanwhile, undo nothing of each other.
func TestNoChangeOfReplicasIsLost(t *testing.T) {
	all := replicas(t, redistest.Run(t), 3)
	const times = 10
	begin := all[0].Admin().Clock("blue").Now
	var changing sync.WaitGroup
	for i, srv := range all {
		changing.Go(func() {
			for n := range times {
				if err := srv.Admin().AdvanceClock("blue", time.Hour); err != nil {
					t.Error(err)
				}
				for {
					read := srv.Admin().Scenario("blue")
					err := srv.Admin().FollowIf("blue", loaded(t, string(read.Source())+fmt.Sprintf("[[rule]]\nname = \"%d of %d\"\nmatch.model = \"m-%d-%d\"\nerror = \"Arrearage\"\n", n, i, n, i)),
						func(now *scenarios.Scenario) bool { return now.Hash() == read.Hash() })
					if errors.Is(err, admin.ErrChanged) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					break
				}
			}
		})
	}
	changing.Wait()
	for _, srv := range all {
		if got := len(srv.Admin().Scenario("blue").Rules); got != times*len(all) {
			t.Errorf("%d rules of %d are left", got, times*len(all))
		}
		if got := srv.Admin().Clock("blue").Now.Sub(begin); got < time.Duration(times*len(all))*time.Hour {
			t.Errorf("the clock went %v ahead", got)
		}
	}
}

// TestClockOfReplicas: a clock that one replica moved or stopped has all tell the
// same time.
func TestClockOfReplicas(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	a, b := two[0], two[1]
	if got := ask(t, a, "blue"); got != "200" {
		t.Fatal(got)
	}
	if err := b.Namespace("blue").Follow(loaded(t, "[[rule]]\nname = \"later\"\nwhen.window = \"1h..\"\nerror = \"Arrearage\"\n")); err != nil {
		t.Fatal(err)
	}
	if err := a.Admin().StopClock("blue", true); err != nil {
		t.Fatal(err)
	}
	if x, y := a.Admin().Clock("blue"), b.Admin().Clock("blue"); !x.Now.Equal(y.Now) || !x.Stopped || !y.Stopped {
		t.Errorf("stopped at %v and %v", x, y)
	}
	before := a.Admin().Clock("blue").Now
	follows := a.Admin().Scenario("blue")
	if err := b.Admin().AdvanceClock("blue", time.Hour); err != nil {
		t.Fatal(err)
	}
	if now := a.Admin().Clock("blue").Now; !now.Equal(before.Add(time.Hour)) {
		t.Errorf("advanced to %v from %v", now, before)
	}
	if got := ask(t, a, "blue"); got != "400later" {
		t.Errorf("an hour later: %s", got)
	}
	if a.Admin().Scenario("blue") != follows {
		t.Error("the scenario was read again")
	}
	if err := a.Admin().StopClock("blue", false); err != nil {
		t.Fatal(err)
	}
	if c := b.Admin().Clock("blue"); c.Stopped || c.Now.Before(before.Add(time.Hour)) {
		t.Errorf("it goes on at %v", c)
	}
	if c := b.Admin().Clock("red"); c.Stopped || c.Now.After(time.Now().Add(time.Minute)) {
		t.Errorf("another namespace: %v", c)
	}
}

// TestChangesAtOnce: of what is changed of a namespace at the same time, on several
// replicas and on one, nothing is lost.
func TestChangesAtOnce(t *testing.T) {
	three := replicas(t, redistest.Run(t), 3)
	if err := three[0].Admin().StopClock("blue", true); err != nil {
		t.Fatal(err)
	}
	before := three[0].Admin().Clock("blue").Now
	const each = 20
	var wait sync.WaitGroup
	for i, srv := range three {
		for range 2 {
			wait.Go(func() {
				for range each {
					if err := srv.Admin().AdvanceClock("blue", time.Minute); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Go(func() {
			if err := srv.Namespace("blue").Follow(loaded(t, []string{arrears, busy, arrears}[i])); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, srv := range three {
		if now, want := srv.Admin().Clock("blue").Now, before.Add(6*each*time.Minute); !now.Equal(want) {
			t.Errorf("replica %d: it is %v, want %v", i+1, now, want)
		}
		if rules := srv.Admin().Scenario("blue").Rules; len(rules) != 1 {
			t.Errorf("replica %d lost the scenario: it has %d rules", i+1, len(rules))
		}
	}
}

// TestConnectionFaultsOfReplicas: faults of connections that one replica was told
// strike those of another, and end there, although no request comes through to
// learn of that.
func TestConnectionFaultsOfReplicas(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	a, b := two[0], two[1]
	comes := func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL()+"/v2/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Close = true
		res, err := b.Client().Do(req)
		if err != nil {
			return false
		}
		res.Body.Close()
		return true
	}
	for range 2 {
		if err := a.Follow(loaded(t, "[[connection]]\nname = \"none\"\nwhen.every = 1\nfault = { kind = \"refuse\" }\n")); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { return !comes() }) // One without such faults asks nobody whether there are some by now.
		if err := a.Follow(loaded(t, busy)); err != nil {
			t.Fatal(err)
		}
		if !comes() {
			t.Error("a connection is refused by what another replica followed before")
		}
	}
}
