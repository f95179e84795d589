{{- /* Arguments are lists of the root context and a name. */ -}}

{{- /* An image, by digest if one is given, otherwise by tag. */ -}}
{{- define "teamtalk.image" }}
{{- $image := (index . 0).Values.image }}
{{- $name := index . 1 }}
{{- if $image.registry }}{{ trimSuffix "/" $image.registry }}/{{ end }}teamtalk/{{ $name }}
{{- with get $image.digests $name }}@{{ . }}{{ else }}:{{ $image.tag | default (index . 0).Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* The data of a service's ConfigMap: its settings, overridden by the values. */ -}}
{{- define "teamtalk.settings" }}
{{- $name := index . 1 }}
{{- $data := fromYaml (include (printf "teamtalk.settings.%s" $name) (index . 0)) }}
{{- range $variable, $value := (index (index . 0).Values.services $name).settings }}
{{- $_ := set $data $variable (kindIs "string" $value | ternary $value (toJson $value)) }}
{{- end }}
{{- toYaml $data }}
{{- end }}

{{- /* Fields that the values add to a pod: those for all pods and those for this service. */ -}}
{{- define "teamtalk.pod" }}
{{- $values := (index . 0).Values }}
{{- with merge (deepCopy (index $values.services (index . 1)).pod) (deepCopy $values.pod) }}{{ toYaml . }}{{ end }}
{{- end }}

{{- /* An autoscaler's maximum: by default the third argument or the number of addresses; never more pods than addresses. */ -}}
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
{{- fail (printf "services.%s.replicas.min is %d, but the maximum is %d" $name (int $replicas.min) $max) }}
{{- end }}
{{- $max }}
{{- end }}

{{- /* Whether each pod has its own address. */ -}}
{{- define "teamtalk.perPod" }}
{{- $way := (index . 0).Values.wayIn }}
{{- $name := index . 1 }}
{{- if and (hasKey (index . 0).Values.addresses $name) (or (eq $way "per-pod-address") (and (eq $way "load-balancer") (eq $name "file-server"))) }}yes{{ end }}
{{- end }}

{{- /* The addresses that pods advertise to clients: pairs of pod and address, or the single address of a load balancer. */ -}}
{{- define "teamtalk.addresses" }}
{{- $name := index . 1 }}
{{- $addresses := index (index . 0).Values.addresses $name }}
{{- if include "teamtalk.perPod" . }}
{{- range $index, $address := $addresses }}{{ if $index }},{{ end }}{{ $name }}-{{ $index }}={{ $address }}{{ end }}
{{- else }}{{ first $addresses }}
{{- end }}
{{- end }}

{{- define "teamtalk.host" }}
{{- required (printf "hosts.%s is required" (index . 1)) (index (index . 0).Values.hosts (index . 1)) }}
{{- end }}

{{- define "teamtalk.ingressClass" }}
{{- with .Values.ingress.className }}ingressClassName: {{ . }}{{ end }}
{{- end }}
