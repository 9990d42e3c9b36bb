package deploy

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const folder = "../../deploy"

// A cluster is what a folder of manifests builds, by kind and name.
type cluster struct {
	deployments map[string]*apps.Deployment
	services    map[string]*core.Service
	maps        map[string]*core.ConfigMap
	autoscalers map[string]*autoscaling.HorizontalPodAutoscaler
	budgets     map[string]*policy.PodDisruptionBudget
	monitors    map[string]*monitoring.ServiceMonitor
}

// build builds a folder of ours, or one with a whole path, as kubectl apply -k
// does, without any network.
func build(t *testing.T, name string) cluster {
	t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(folder, name)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), name)
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{
		map[string]*apps.Deployment{}, map[string]*core.Service{}, map[string]*core.ConfigMap{},
		map[string]*autoscaling.HorizontalPodAutoscaler{}, map[string]*policy.PodDisruptionBudget{}, map[string]*monitoring.ServiceMonitor{},
	}
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		object, err := decode(text)
		if err != nil {
			t.Errorf("%s: %v", resource.CurId(), err)
			continue
		}
		c.add(t, object)
	}
	return c
}

func (c *cluster) add(t *testing.T, object runtime.Object) {
	t.Helper()
	switch o := object.(type) {
	case *apps.Deployment:
		c.deployments[o.Name] = o
	case *core.Service:
		c.services[o.Name] = o
	case *core.ConfigMap:
		c.maps[o.Name] = o
	case *autoscaling.HorizontalPodAutoscaler:
		c.autoscalers[o.Name] = o
	case *policy.PodDisruptionBudget:
		c.budgets[o.Name] = o
	case *monitoring.ServiceMonitor:
		c.monitors[o.Name] = o
	default:
		t.Errorf("nothing looks at a %T", o)
	}
}

// decode reads one object as the API server does that refuses unknown fields,
// fields that are given twice, and values of a wrong type.
func decode(text []byte) (runtime.Object, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{core.AddToScheme, apps.AddToScheme, autoscaling.AddToScheme, policy.AddToScheme, monitoring.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	object, _, err := strict.Decode(text, nil, nil)
	return object, err
}

// Manifests with a mistake are refused: else the other tests would look at
// nothing.
func TestDecodeIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		"apiVersion: apps/v1\nkind: Deployment\nspec: {replica: 1}":                  `unknown field "spec.replica"`,
		"apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: many}":              "spec.replicas",
		"apiVersion: apps/v1\nkind: Deploiment":                                      `no kind "Deploiment"`,
		"apiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler":             "no kind",
		"apiVersion: v1\nkind: Service\nspec: {}\nspec: {}":                          `already set`,
		"apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nspec: {sel: 1}": `unknown field "spec.sel"`,
	} {
		if _, err := decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// selected returns the names of the deployments whose pods have the labels.
func (c *cluster) selected(want map[string]string) (names []string) {
	for name, d := range c.deployments {
		if labels.SelectorFromSet(want).Matches(labels.Set(d.Spec.Template.Labels)) {
			names = append(names, name)
		}
	}
	return names
}

// port returns a port of a deployment's only container by its name.
func port(d *apps.Deployment, name string) (core.ContainerPort, error) {
	for _, p := range d.Spec.Template.Spec.Containers[0].Ports {
		if p.Name == name {
			return p, nil
		}
	}
	return core.ContainerPort{}, fmt.Errorf("%s has no port %q", d.Name, name)
}
