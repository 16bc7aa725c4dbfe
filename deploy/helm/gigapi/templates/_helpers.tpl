{{/* The name that all objects of a release begin with. */}}
{{- define "gigapi.name" -}}
{{- if contains "gigapi" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-gigapi" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* What tells the pods of a mode from others. Called with (dict "root" $ "mode" "writer"). */}}
{{- define "gigapi.selector" -}}
app.kubernetes.io/name: gigapi
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .mode }}
{{- end }}

{{- define "gigapi.labels" -}}
{{ include "gigapi.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "gigapi.secretName" -}}
{{- .Values.existingSecret | default (include "gigapi.name" .) }}
{{- end }}

{{/* What goes into the Secret, by name of the environment variable. */}}
{{- define "gigapi.secrets" -}}
{{- range $n, $layer := .Values.layers }}
{{- with $layer.authKey }}
GIGAPI_LAYERS_{{ $n }}_AUTH_KEY: {{ . | quote }}
{{- end }}
{{- with $layer.authSecret }}
GIGAPI_LAYERS_{{ $n }}_AUTH_SECRET: {{ . | quote }}
{{- end }}
{{- end }}
{{- with .Values.metadata.url }}
GIGAPI_METADATA_URL: {{ . | quote }}
{{- end }}
{{- with .Values.auth.username }}
HTTP_BASIC_AUTH_USERNAME: {{ . | quote }}
{{- end }}
{{- with .Values.auth.password }}
HTTP_BASIC_AUTH_PASSWORD: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Asks an endpoint from inside, with the credentials that the node has: all but /ping want them. */}}
{{- define "gigapi.ask" -}}
exec:
  command:
    - bash
    - -c
    - |
      exec 3<>/dev/tcp/127.0.0.1/7971 || exit 1
      login=$(printf %s "$HTTP_BASIC_AUTH_USERNAME:$HTTP_BASIC_AUTH_PASSWORD" | base64 -w 0)
      printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nConnection: close\r\n\r\n' {{ . }} "$login" >&3
      head -n 1 <&3 | grep -q ' 200'
{{- end }}

{{/* The pod of a mode. Called with (dict "root" $ "mode" "writer" "gigapiMode" "writeonly"). */}}
{{- define "gigapi.pod" -}}
{{- $values := .root.Values }}
{{- $own := index $values .mode }}
metadata:
  labels:
    {{- include "gigapi.labels" . | nindent 4 }}
  annotations:
    checksum/secret: {{ include "gigapi.secrets" .root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "gigapi.name" .root }}
  automountServiceAccountToken: false
  # Else Kubernetes sets GIGAPI_..._PORT for each Service of a release of that name, which no node knows.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.stopSecondsMax }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 900
    runAsGroup: 900
    fsGroup: 900
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "gigapi.selector" . | nindent 10 }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: gigapi
      image: {{ printf "%s:%s" $values.image.repository ($values.image.tag | default .root.Chart.AppVersion) | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      env:
        - name: GIGAPI_MODE
          value: {{ .gigapiMode }}
        # Other pods ask this one for rows that are in no file yet.
        - name: GIGAPI_ADVERTISE_HOST
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
        - name: GIGAPI_ROOT
          value: /var/lib/gigapi
        - name: GIGAPI_METADATA_TYPE
          value: {{ $values.metadata.type }}
        {{- range $n, $layer := $values.layers }}
        - name: GIGAPI_LAYERS_{{ $n }}_NAME
          value: {{ $layer.name | quote }}
        - name: GIGAPI_LAYERS_{{ $n }}_TYPE
          value: {{ $layer.type }}
        - name: GIGAPI_LAYERS_{{ $n }}_URL
          value: {{ $layer.url | quote }}
        - name: GIGAPI_LAYERS_{{ $n }}_GLOBAL
          value: {{ hasKey $layer "global" | ternary $layer.global true | quote }}
        - name: GIGAPI_LAYERS_{{ $n }}_TTL
          value: {{ $layer.ttl | default "0" | quote }}
        {{- end }}
        {{- range $name, $value := merge (dict) ($own.settings | default dict) ($values.settings | default dict) }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      envFrom:
        - secretRef:
            name: {{ include "gigapi.secretName" .root }}
      ports:
        - name: http
          containerPort: 7971
        - name: flight
          containerPort: 8082
      startupProbe:
        {{- include "gigapi.ask" "/ready" | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: {{ div $values.startSecondsMax 2 }}
      readinessProbe:
        {{- include "gigapi.ask" "/ready" | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 5
      livenessProbe:
        {{- include "gigapi.ask" "/health" | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      resources:
        {{- toYaml ($own.resources | default dict) | nindent 8 }}
      volumeMounts:
        - name: root
          mountPath: /var/lib/gigapi
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir: {}
    {{- with $own.scratch }}
    - name: root
      emptyDir:
        sizeLimit: {{ . }}
    {{- end }}
{{- end }}

{{/* A mode that keeps nothing. Called as gigapi.pod is. */}}
{{- define "gigapi.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "gigapi.name" .root }}-{{ .mode }}
  labels:
    {{- include "gigapi.labels" . | nindent 4 }}
spec:
  replicas: {{ (index .root.Values .mode).replicas }}
  selector:
    matchLabels:
      {{- include "gigapi.selector" . | nindent 6 }}
  template:
    {{- include "gigapi.pod" . | nindent 4 }}
{{- end }}
