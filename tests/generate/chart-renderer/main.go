// Renders a chart with the template package and functions that Helm's engine uses, for tests on machines without Helm.
//
//	render CHART NAMESPACE < values
//
// Standard output receives the rendered templates, standard error the message of `fail` or `required`. A null value removes
// the chart's. There is no cluster, so lookup finds nothing. Helm's built-in objects are limited to Values, Release, Chart and Template.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

func main() {
	output, err := render(os.Args[1], os.Args[2], os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(output)
}

func render(chart, namespace string, input io.Reader) (string, error) {
	about, err := readMap(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return "", err
	}
	values, err := readMap(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(input)
	if err != nil {
		return "", err
	}
	given := map[string]any{}
	if err := yaml.Unmarshal(text, &given); err != nil {
		return "", err
	}
	override(values, given)

	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(functions(all))
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if _, err := all.New(filepath.Base(file)).Parse(string(source)); err != nil {
			return "", err
		}
	}
	// Helm capitalizes the fields of Chart.yaml.
	root := map[string]any{
		"Values":  values,
		"Release": map[string]any{"Name": "teamtalk", "Namespace": namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		"Chart":   map[string]any{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
	}
	var output strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") || strings.HasSuffix(name, ".txt") {
			continue
		}
		root["Template"] = map[string]any{"Name": about["name"].(string) + "/templates/" + name}
		var rendered strings.Builder
		if err := all.ExecuteTemplate(&rendered, name, root); err != nil {
			return "", err
		}
		output.WriteString("\n---\n" + strings.ReplaceAll(rendered.String(), "<no value>", ""))
	}
	return output.String(), nil
}

// Helm's functions, as they behave without a cluster.
func functions(all *template.Template) template.FuncMap {
	funcs := sprig.TxtFuncMap()
	delete(funcs, "env")
	delete(funcs, "expandenv")
	funcs["include"] = func(name string, data any) (string, error) {
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	funcs["tpl"] = func(source string, data any) (string, error) {
		copied, err := all.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := copied.New("tpl").Parse(source)
		if err != nil {
			return "", err
		}
		var text strings.Builder
		err = parsed.Execute(&text, data)
		return strings.ReplaceAll(text.String(), "<no value>", ""), err
	}
	funcs["toYaml"] = func(value any) string {
		text, err := yaml.Marshal(value)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), "\n")
	}
	funcs["fromYaml"] = func(text string) map[string]any {
		value := map[string]any{}
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			value["Error"] = err.Error()
		}
		return value
	}
	funcs["toJson"] = func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return string(text)
	}
	funcs["required"] = func(message string, value any) (any, error) {
		if value == nil || value == "" {
			return value, errors.New(message)
		}
		return value, nil
	}
	funcs["fail"] = func(message string) (string, error) { return "", errors.New(message) }
	funcs["lookup"] = func(string, string, string, string) map[string]any { return map[string]any{} }
	return funcs
}

// Merges the given values into the chart's: maps are merged, other values replaced, and null removes.
func override(values, given map[string]any) {
	for key, value := range given {
		below, isMap := value.(map[string]any)
		current, wasMap := values[key].(map[string]any)
		switch {
		case value == nil:
			delete(values, key)
		case isMap && wasMap:
			override(current, below)
		default:
			values[key] = value
		}
	}
}

func readMap(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	value := map[string]any{}
	return value, yaml.Unmarshal(text, &value)
}
