package scenarios

import (
	"reflect"

	"github.com/mockllm/mockllm/catalog"
)

// Model returns what is known of a provider's model: what the catalogue says,
// and over that what the scenario says under its very name, else under the
// longest glob that fits. It reports whether any of them knows the model.
func (s *Scenario) Model(provider, name string) (catalog.Model, bool) {
	known, found := catalog.ModelNamed(provider, name)
	if s == nil {
		return known, found
	}
	if _, given := s.Models[name]; !given {
		name = fitting(s.Models, name)
	}
	own, given := s.Models[name]
	if !given {
		return known, found
	}
	said, _ := s.models[name].(map[string]any)
	return over(known, own, said), true
}

// over puts what the second model says in the place of what the first does.
// What is false or 0 says nothing, unless the text of a scenario says so.
func over(m, own catalog.Model, said map[string]any) catalog.Model {
	to, from := reflect.ValueOf(&m).Elem(), reflect.ValueOf(own)
	for i := range from.NumField() {
		if _, given := said[from.Type().Field(i).Tag.Get("toml")]; given || !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return m
}

// checkModels says what is wrong with the scenario's models.
func checkModels(s *Scenario, r *report) {
	for _, name := range sortedKeys(s.Models) {
		path := join("models", name)
		if name == "" {
			r.add(path, "a model must not be empty")
		}
		m := s.Models[name]
		for i, o := range m.Operations {
			if _, err := oneOf(o, operations()...); err != nil {
				r.add(path+".operations"+index(i), "%v", err)
			}
		}
		if m.Thinking != "" {
			if _, err := oneOf(string(m.Thinking), string(catalog.ThinkingNever), string(catalog.ThinkingOptional), string(catalog.ThinkingDefault), string(catalog.ThinkingAlways)); err != nil {
				r.add(path+".thinking", "%v", err)
			}
		}
		if m.Modality != "" {
			if _, err := oneOf(string(m.Modality), string(catalog.ModalityText), string(catalog.ModalityMultimodal)); err != nil {
				r.add(path+".modality", "%v", err)
			}
		}
		v := reflect.ValueOf(m)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Int && f.Int() < 0 {
				r.add(join(path, v.Type().Field(i).Tag.Get("toml")), "must not be negative")
			}
		}
	}
}
