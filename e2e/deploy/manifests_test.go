package deploy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The folders that are applied.
var applied = []string{"base", "replicated"}

// TestWhatThereIs: nothing is missing, and nothing is there by chance.
func TestWhatThereIs(t *testing.T) {
	for name, want := range map[string]string{
		"base":       "[mockllm] [mockllm mockllm-admin] [] [] []",
		"replicated": "[mockllm mockllm-redis] [mockllm mockllm-admin mockllm-redis] [mockllm] [mockllm] [mockllm]",
	} {
		c := build(t, name)
		got := ""
		for i, names := range [][]string{
			slices.Sorted(maps.Keys(c.deployments)), slices.Sorted(maps.Keys(c.services)), slices.Sorted(maps.Keys(c.autoscalers)),
			slices.Sorted(maps.Keys(c.budgets)), slices.Sorted(maps.Keys(c.monitors)),
		} {
			if i > 0 {
				got += " "
			}
			got += sprint(names)
		}
		if got != want || len(c.maps) != 1 {
			t.Errorf("%s: %s and %d maps, want %s", name, got, len(c.maps), want)
		}
	}
}

func sprint(names []string) string {
	text := "["
	for i, n := range names {
		if i > 0 {
			text += " "
		}
		text += n
	}
	return text + "]"
}

// TestPods: no pod may do more than it needs, and each is looked after.
func TestPods(t *testing.T) {
	for _, name := range applied {
		c := build(t, name)
		for _, d := range c.deployments {
			wantSafe(t, d)
			wantProbed(t, d)
			pod := d.Spec.Template.Spec
			if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
				t.Errorf("%s: Kubernetes sets MOCKLLM_ variables", d.Name)
			}
			if !labels.SelectorFromSet(d.Spec.Selector.MatchLabels).Matches(labels.Set(d.Spec.Template.Labels)) || len(d.Spec.Selector.MatchLabels) == 0 {
				t.Errorf("%s does not select its own pods", d.Name)
			}
			if d.Name == "mockllm" {
				wantMemory(t, d.Spec.Template.Spec.Containers[0])
			}
			if got := c.selected(d.Spec.Selector.MatchLabels); len(got) != 1 {
				t.Errorf("%s selects the pods of %v", d.Name, got)
			}
			for _, v := range pod.Volumes {
				if v.ConfigMap != nil && c.maps[v.ConfigMap.Name] == nil {
					t.Errorf("%s: there is no map %s", d.Name, v.ConfigMap.Name)
				}
			}
		}
	}
}

func wantSafe(t *testing.T, d *apps.Deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	if s := pod.SecurityContext; s == nil || !is(s.RunAsNonRoot) || s.RunAsUser == nil || *s.RunAsUser == 0 || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s: the pod may be root", d.Name)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken || pod.HostNetwork || pod.HostPID || pod.HostIPC {
		t.Errorf("%s: the pod reaches the cluster or the node", d.Name)
	}
	if len(pod.Containers) != 1 || len(pod.InitContainers) > 0 {
		t.Fatalf("%s: %d containers", d.Name, len(pod.Containers))
	}
	c := pod.Containers[0]
	s := c.SecurityContext
	if s == nil || is(s.Privileged) || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !is(s.ReadOnlyRootFilesystem) ||
		s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
		t.Errorf("%s: the container may do too much", d.Name)
	}
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
		t.Errorf("%s: no resources are asked for", d.Name)
	}
}

// wantMemory: Go is told to stay below the container's limit, and by so much that
// what it does not count has room.
func wantMemory(t *testing.T, c core.Container) {
	t.Helper()
	limit := c.Resources.Limits.Memory().Value()
	at := slices.IndexFunc(c.Env, func(v core.EnvVar) bool { return v.Name == "GOMEMLIMIT" })
	if at < 0 {
		t.Error("GOMEMLIMIT is not set")
		return
	}
	told, err := resource.ParseQuantity(strings.TrimSuffix(c.Env[at].Value, "B"))
	if err != nil || told.Value() > limit*4/5 || told.Value() < limit/2 {
		t.Errorf("GOMEMLIMIT is %s of %d bytes: %v", c.Env[at].Value, limit, err)
	}
}

func is(b *bool) bool { return b != nil && *b }

func wantProbed(t *testing.T, d *apps.Deployment) {
	t.Helper()
	c := d.Spec.Template.Spec.Containers[0]
	if c.ReadinessProbe == nil || c.LivenessProbe == nil {
		t.Fatalf("%s: nobody asks whether it is well", d.Name)
	}
	for _, p := range []*core.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
		switch {
		case p == nil:
		case p.HTTPGet != nil:
			if at, err := port(d, p.HTTPGet.Port.StrVal); err != nil || at.Name != "admin" || p.HTTPGet.Path != "/healthz" {
				t.Errorf("%s is asked at %s of %s: %v", d.Name, p.HTTPGet.Path, p.HTTPGet.Port.StrVal, err)
			}
		case p.TCPSocket != nil:
			if _, err := port(d, p.TCPSocket.Port.StrVal); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s: a probe asks nothing", d.Name)
		}
	}
}

// TestServices: each leads to the pods of one deployment, at a port that they
// have.
func TestServices(t *testing.T) {
	for _, name := range applied {
		c := build(t, name)
		for _, s := range c.services {
			to := c.selected(s.Spec.Selector)
			if len(to) != 1 || len(s.Spec.Selector) == 0 {
				t.Errorf("%s of %s leads to %v", s.Name, name, to)
				continue
			}
			for _, p := range s.Spec.Ports {
				at, err := port(c.deployments[to[0]], p.TargetPort.StrVal)
				if err != nil || at.ContainerPort != p.Port {
					t.Errorf("%s: port %d leads to %d: %v", s.Name, p.Port, at.ContainerPort, err)
				}
			}
			if s.Spec.Type != "" && s.Spec.Type != core.ServiceTypeClusterIP {
				t.Errorf("%s is open to the world", s.Name)
			}
		}
	}
}

// TestReplicas: one replica where the state is in memory, and as many as the
// autoscaler wants where it is on Redis.
func TestReplicas(t *testing.T) {
	alone := build(t, "base").deployments["mockllm"]
	if *alone.Spec.Replicas != 1 || alone.Spec.Strategy.Type != apps.RecreateDeploymentStrategyType || variable(alone, "MOCKLLM_STATE") != nil {
		t.Error("two replicas count apart")
	}
	c := build(t, "replicated")
	d := c.deployments["mockllm"]
	if d.Spec.Replicas != nil || d.Spec.Strategy.Type != apps.RollingUpdateDeploymentStrategyType {
		t.Error("whoever applies it again undoes what the autoscaler did")
	}
	if state := variable(d, "MOCKLLM_STATE"); state == nil || state.Value != "redis://mockllm-redis:6379/0" || c.services["mockllm-redis"].Spec.Ports[0].Port != 6379 {
		t.Errorf("the state is %v", state)
	}
	for _, name := range []string{"MOCKLLM_SCENARIO", "MOCKLLM_ADMIN_TOKEN", "GOMEMLIMIT"} {
		if variable(d, name) == nil {
			t.Errorf("the patch lost %s", name)
		}
	}
	a := c.autoscalers["mockllm"].Spec
	if a.ScaleTargetRef.Kind != "Deployment" || a.ScaleTargetRef.APIVersion != "apps/v1" || a.ScaleTargetRef.Name != d.Name ||
		a.MinReplicas == nil || *a.MinReplicas < 2 || a.MaxReplicas <= *a.MinReplicas || len(a.Metrics) != 1 {
		t.Errorf("the autoscaler: %+v", a)
	}
	b := c.budgets["mockllm"].Spec
	if got := c.selected(b.Selector.MatchLabels); !slices.Equal(got, []string{"mockllm"}) || b.MaxUnavailable.IntValue() != 1 {
		t.Errorf("the budget is of %v: %+v", got, b)
	}
}

func variable(d *apps.Deployment, name string) *core.EnvVar {
	env := d.Spec.Template.Spec.Containers[0].Env
	if at := slices.IndexFunc(env, func(v core.EnvVar) bool { return v.Name == name }); at >= 0 {
		return &env[at]
	}
	return nil
}

// TestMonitor: Prometheus finds the admin port of the server alone, and sends
// the token that the server demands.
func TestMonitor(t *testing.T) {
	c := build(t, "replicated")
	m := c.monitors["mockllm"].Spec
	selector, err := meta.LabelSelectorAsSelector(&m.Selector)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for name, s := range c.services {
		if selector.Matches(labels.Set(s.Labels)) {
			found = append(found, name)
		}
	}
	if !slices.Equal(found, []string{"mockllm-admin"}) || len(m.Endpoints) != 1 {
		t.Fatalf("it finds %v", found)
	}
	e, demanded := m.Endpoints[0], variable(c.deployments["mockllm"], "MOCKLLM_ADMIN_TOKEN").ValueFrom.SecretKeyRef
	if e.Port != c.services["mockllm-admin"].Spec.Ports[0].Name || e.Path != "/metrics" {
		t.Errorf("it asks at %s of %s", e.Path, e.Port)
	}
	if e.Authorization == nil || e.Authorization.Type != "Bearer" || e.Authorization.Credentials.Name != demanded.Name || e.Authorization.Credentials.Key != demanded.Key {
		t.Errorf("it sends %+v, demanded is %+v", e.Authorization, demanded)
	}
}
