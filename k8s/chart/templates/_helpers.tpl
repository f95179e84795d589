{{- /* Arguments are lists: the root, and a name. */ -}}

{{- /* An image by digest where one is given, else by the tag. */ -}}
{{- define "teamtalk.image" }}
{{- $image := (index . 0).Values.image }}
{{- $name := index . 1 }}
{{- if $image.registry }}{{ trimSuffix "/" $image.registry }}/{{ end }}teamtalk/{{ $name }}
{{- with get $image.digests $name }}@{{ . }}{{ else }}:{{ $image.tag | default (index . 0).Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* The data of a service's ConfigMap: its settings, and over them what the values say. */ -}}
{{- define "teamtalk.settings" }}
{{- $name := index . 1 }}
{{- $data := fromYaml (include (printf "teamtalk.settings.%s" $name) (index . 0)) }}
{{- range $variable, $value := (index (index . 0).Values.services $name).settings }}
{{- $_ := set $data $variable (kindIs "string" $value | ternary $value (toJson $value)) }}
{{- end }}
{{- toYaml $data }}
{{- end }}

{{- /* Fields of a pod that the values add, for all and for this one. */ -}}
{{- define "teamtalk.pod" }}
{{- $values := (index . 0).Values }}
{{- with merge (deepCopy (index $values.services (index . 1)).pod) (deepCopy $values.pod) }}{{ toYaml . }}{{ end }}
{{- end }}

{{- /* The most pods of an autoscaler: by default the third argument, or as many as there are addresses, and never more. */ -}}
{{- define "teamtalk.max" }}
{{- $values := (index . 0).Values }}
{{- $name := index . 1 }}
{{- $replicas := (index $values.services $name).replicas }}
{{- $max := int (default (index . 2) $replicas.max) }}
{{- if include "teamtalk.perPod" . }}
{{- $addresses := len (index $values.addresses $name) }}
{{- $max = int (min $addresses (default $addresses $replicas.max)) }}
{{- end }}
{{- if gt (int $replicas.min) $max }}
{{- fail (printf "services.%s.replicas.min is %d, but there can be %d pods" $name (int $replicas.min) $max) }}
{{- end }}
{{- $max }}
{{- end }}

{{- /* Whether each pod has an address of its own. */ -}}
{{- define "teamtalk.perPod" }}
{{- $way := (index . 0).Values.wayIn }}
{{- $name := index . 1 }}
{{- if and (hasKey (index . 0).Values.addresses $name) (or (eq $way "per-pod-address") (and (eq $way "load-balancer") (eq $name "file-server"))) }}yes{{ end }}
{{- end }}

{{- /* What pods advertise to clients: pairs of pod and address, or the one address of a load balancer. */ -}}
{{- define "teamtalk.addresses" }}
{{- $name := index . 1 }}
{{- $addresses := index (index . 0).Values.addresses $name }}
{{- if include "teamtalk.perPod" . }}
{{- range $index, $address := $addresses }}{{ if $index }},{{ end }}{{ $name }}-{{ $index }}={{ $address }}{{ end }}
{{- else }}{{ first $addresses }}
{{- end }}
{{- end }}

{{- define "teamtalk.host" }}
{{- required (printf "hosts.%s is not given" (index . 1)) (index (index . 0).Values.hosts (index . 1)) }}
{{- end }}

{{- define "teamtalk.ingressClass" }}
{{- with .Values.ingress.className }}ingressClassName: {{ . }}{{ end }}
{{- end }}
