{{/* Names as in the official chart, so that it can be replaced in place: <release>-<name>. */}}
{{- define "runner.fullname" -}}
{{- printf "%s-%s" .Release.Name .Values.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "runner.named" -}}
{{- printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "runner.serviceAccount" -}}
{{- .Values.rbac.serviceAccountName | default (include "runner.fullname" .) -}}
{{- end -}}

{{- define "runner.argoAccount" -}}
{{- printf "%s-argo-workflow-executor" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "runner.selector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end -}}

{{- define "runner.labels" -}}
{{ include "runner.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Namespace of the workloads. */}}
{{- define "runner.workloadNamespace" -}}
{{- $settings := include "runner.settings" . | fromYaml -}}
{{- if eq (get $settings "runner.mergingNamespace") "single" -}}{{- .Release.Namespace -}}{{- else -}}{{- get $settings "runner.namespace" -}}{{- end -}}
{{- end -}}

{{- define "runner.knativeNamespace" -}}
{{- if eq (get (include "runner.settings" . | fromYaml) "runner.mergingNamespace") "single" -}}{{- .Release.Namespace -}}{{- else -}}knative-serving{{- end -}}
{{- end -}}

{{- define "runner.kourierNamespace" -}}
{{- $merging := get (include "runner.settings" . | fromYaml) "runner.mergingNamespace" -}}
{{- if eq $merging "single" -}}{{- .Release.Namespace -}}{{- else if eq $merging "multi" -}}knative-serving{{- else -}}kourier-system{{- end -}}
{{- end -}}

{{- define "runner.image" -}}
{{- $registry := .Values.image.registry | default .Values.global.image.registry | default "docker.io" -}}
{{- if eq .Values.global.image.registryPolicy "force" -}}{{- $registry = .Values.global.image.registry | default "docker.io" -}}{{- end -}}
{{- printf "%s/%s:%s" $registry .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* The host of the console and the runner API: <name>. before the domain without its first label, as in the official chart; useTop keeps the domain whole. */}}
{{- define "runner.host" -}}
{{- $domain := required "global.gateway.external.domain must be set: the console is served at <name>.<domain>" .Values.global.gateway.external.domain -}}
{{- if and (not .Values.global.gateway.external.useTop) (ge (len (splitList "." $domain)) 3) -}}{{- $domain = regexReplaceAll "^[^.]+\\." $domain "" -}}{{- end -}}
{{- printf "%s.%s" .Values.name $domain -}}
{{- end -}}

{{/* Host with the port under which the gateway is reached, where it is not the usual one. */}}
{{- define "runner.withPort" -}}
{{- $root := index . 0 -}}
{{- $service := $root.Values.global.gateway.service -}}
{{- if eq $service.type "NodePort" -}}
{{- $ports := $service.nodePorts | default dict -}}
{{- $port := ternary ($ports.https | default 30443) ($ports.http | default 30080) (eq (include "runner.flag" $root.Values.global.gateway.tls.enabled) "true") -}}
{{- printf "%s:%v" (index . 1) $port -}}
{{- else -}}{{- index . 1 -}}{{- end -}}
{{- end -}}

{{- define "runner.publicRootDomain" -}}
{{- $external := .Values.global.gateway.external -}}
{{- $domain := $external.domain -}}
{{- if le (len (splitList "." $domain)) 2 -}}{{- $domain = printf "csghub.%s" $domain -}}{{- end -}}
{{- include "runner.withPort" (list . ($external.public | default $domain)) -}}
{{- end -}}

{{/* Host and repository of images built here. */}}
{{- define "runner.buildRegistry" -}}
{{- $host := .Values.registry.registry | default (.Values.externalUrl | trimPrefix "https://" | trimPrefix "http://") -}}
{{- printf "%s/%s" $host (.Values.registry.repository | default .Release.Namespace) -}}
{{- end -}}

{{- define "runner.kanikoArguments" -}}
{{- $settings := include "runner.settings" . | fromYaml -}}
{{- $arguments := list "--compressed-caching=true" "--single-snapshot" "--log-format=text" "--cache=true" "--cache-ttl=24h" (printf "--cache-repo=%s" (include "runner.buildRegistry" .)) -}}
{{- with get $settings "space.pipIndexUrl" -}}{{- $arguments = append $arguments (printf "--build-arg=PyPI=%s" .) -}}{{- end -}}
{{- $arguments = append $arguments (printf "--build-arg=HF_ENDPOINT=%s/hf" .Values.externalUrl) -}}
{{- if include "runner.flag" .Values.registry.insecure -}}{{- $arguments = concat $arguments (list "--skip-tls-verify" "--skip-tls-verify-pull" "--insecure" "--insecure-pull") -}}{{- end -}}
{{- join "," (concat $arguments (get $settings "runner.imageBuilderKanikoArgs" | default list)) | nospace -}}
{{- end -}}

{{/* Where the hub reaches applications: what is configured, else the Service of the Knative ingress, else "auto": the runner finds it. */}}
{{- define "runner.applicationEndpoint" -}}
{{- $configured := get (include "runner.settings" . | fromYaml) "runner.applicationEndpoint" -}}
{{- if $configured -}}{{- $configured -}}
{{- else if eq .Values.knative.serving.ingress "kourier" -}}{{- printf "http://kourier-internal.%s.svc.%s" (include "runner.knativeNamespace" .) .Values.global.clusterDomain -}}
{{- else if regexMatch "envoyproxy" .Values.global.gateway.controllerName -}}{{- printf "http://%s.%s.svc.%s" (include "runner.named" (list . "envoy-knative")) .Release.Namespace .Values.global.clusterDomain -}}
{{- else -}}auto{{- end -}}
{{- end -}}
