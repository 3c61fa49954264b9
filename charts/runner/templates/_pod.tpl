{{/* What the pods of runner and log collector share. Input: dict of root, service (its name), command, port, data (its volume, as YAML text; empty where the StatefulSet brings it) and spread (over hosts). */}}
{{- define "runner.pod" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
metadata:
  labels:
    app.kubernetes.io/service: {{ .service }}
    {{- include "runner.labels" $root | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # New credentials start new pods, and so do settings, but for those that a running runner takes from its ConfigMap.
    {{- $settings := include (print $root.Template.BasePath "/configmap.yaml") $root | fromYaml }}
    checksum/settings: {{ omit $settings.data "STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT" "STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN" "STARHUB_SERVER_CLUSTER_REGION" "STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT" "STARHUB_SERVER_RUNNER_STORAGE_CLASS" "STARHUB_SERVER_RUNNER_NETWORK_INTERFACE" | toJson | sha256sum }}
    checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "runner.serviceAccount" $root }}
  # RUNNER_DRAIN_SECONDS, at most 30, and 10 for what is under way: requests, lines of the log collector, words to the hub.
  terminationGracePeriodSeconds: 45
  {{- with concat ($values.image.pullSecrets | default list) ($values.global.image.pullSecrets | default list) | uniq }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  containers:
    - name: {{ .service }}
      image: {{ include "runner.image" $root }}
      imagePullPolicy: {{ $values.image.pullPolicy | default $values.global.image.pullPolicy }}
      command: ["/starhub-bin/starhub", "deploy", {{ .command | quote }}, "-l", {{ $values.logging.level | quote }}]
      ports:
        - name: http
          containerPort: {{ .port }}
      envFrom:
        - configMapRef:
            name: {{ include "runner.fullname" $root }}
        - secretRef:
            name: {{ include "runner.fullname" $root }}
        {{- with $values.console.existingSecret }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      env:
        - name: RUNNER_CLUSTER
          value: incluster
        - name: RUNNER_DATA_DIR
          value: /data
        - name: RUNNER_BIND
          value: "0.0.0.0"
        {{- range $name, $value := $values.environments }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: {{ .ready }}, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
      securityContext:
        {{- toYaml $values.securityContext | nindent 8 }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
  volumes:
    {{- with .data }}
    - name: data
      {{- . | nindent 6 }}
    {{- end }}
    - name: tmp
      emptyDir: {}
  {{- if .spread }}
  # One host that fails takes one replica with it, where there are several.
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          app.kubernetes.io/service: {{ .service }}
          {{- include "runner.selector" $root | nindent 10 }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
