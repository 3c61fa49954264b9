{{/*
The value at a path such as "runner.region" as JSON {"set": bool, "value": …}. Input: list of the values and the path.
*/}}
{{- define "runner.lookup" -}}
{{- $at := index . 0 -}}
{{- $set := true -}}
{{- range splitList "." (index . 1) -}}
{{- if and $set (kindIs "map" $at) (hasKey $at .) -}}
{{- $at = index $at . -}}
{{- else -}}
{{- $set = false -}}
{{- end -}}
{{- end -}}
{{- if kindIs "invalid" $at -}}{{- $set = false -}}{{- end -}}
{{- if $set -}}{{- dict "set" true "value" $at | toJson -}}{{- else -}}{{- dict "set" false | toJson -}}{{- end -}}
{{- end -}}

{{/*
All values that have had several names, by the name of today: {"runner.region": "region-0", …}.
*/}}
{{- define "runner.settings" -}}
{{- $values := .Values -}}
{{- $settings := dict -}}
{{- range .Files.Get "files/layouts.yaml" | fromYamlArray -}}
{{- $found := "" -}}
{{- $value := .default -}}
{{- range .paths -}}
{{- $here := include "runner.lookup" (list $values .) | fromJson -}}
{{- if $here.set -}}
{{- if not $found -}}
{{- $found = . -}}
{{- $value = $here.value -}}
{{- else if ne (toJson $here.value) (toJson $value) -}}
{{- fail (printf "%s and %s are the same setting under two names, and they differ. Keep %s and remove the other." $found . $found) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $settings (first .paths) $value -}}
{{- end -}}
{{- $settings | toYaml -}}
{{- end -}}

{{/* "true" for true and the text "true" (charts before 2.0 took texts), else empty. */}}
{{- define "runner.flag" -}}
{{- if eq (toString .) "true" -}}true{{- end -}}
{{- end -}}

{{/* Renders for "true", for "false" not, and for "auto" where the cluster has the API. Input: list of the value, the root and the API. */}}
{{- define "runner.wanted" -}}
{{- $value := index . 0 | toString -}}
{{- if eq $value "auto" -}}
{{- if (index . 1).Capabilities.APIVersions.Has (index . 2) -}}true{{- end -}}
{{- else if eq $value "true" -}}true{{- end -}}
{{- end -}}
