{{- define "gpt2-server.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* At most 50 characters, so that names with a suffix stay valid. */}}
{{- define "gpt2-server.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := include "gpt2-server.name" . }}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "gpt2-server.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "gpt2-server.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels that the pods of a release share. None of them changes with the chart's version, which would restart the pods. */}}
{{- define "gpt2-server.releaseLabels" -}}
app.kubernetes.io/name: {{ include "gpt2-server.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Labels of pods: the release's, the pod's component, and common ones. */}}
{{- define "gpt2-server.podLabels" -}}
{{ include "gpt2-server.releaseLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Labels that distinguish servers from the pods of jobs and tests. */}}
{{- define "gpt2-server.selectorLabels" -}}
{{ include "gpt2-server.releaseLabels" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "gpt2-server.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository (default (printf "%s%s" .Chart.AppVersion (ternary "-cuda" "" .Values.gpu.enabled)) $image.tag) }}
{{- end }}
{{- end }}

{{- define "gpt2-server.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "gpt2-server.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* "true" if the model comes from a hub: neither embedded nor a folder. */}}
{{- define "gpt2-server.fromHub" -}}
{{- if not (or (eq .Values.model.id "embedded") (hasPrefix "/" .Values.model.id)) }}true{{ end }}
{{- end }}

{{- define "gpt2-server.usesCache" -}}
{{- if or (include "gpt2-server.fromHub" .) (hasPrefix (printf "%s/" .Values.modelCache.mountPath) (printf "%s/" .Values.model.id)) }}true{{ end }}
{{- end }}

{{- /* "true" if a container other than the server fetches the model, so that the server makes no request to the hub. */}}
{{- define "gpt2-server.fetchedBefore" -}}
{{- if and (include "gpt2-server.fromHub" .) (or (ne .Values.model.fetch "server") (eq .Values.modelCache.type "image")) }}true{{ end }}
{{- end }}

{{- /* "init", "job" or nothing: the kind of container that runs the download command. */}}
{{- define "gpt2-server.fetcher" -}}
{{- if and (include "gpt2-server.fetchedBefore" .) (ne .Values.modelCache.type "image") }}{{ .Values.model.fetch }}{{ end }}
{{- end }}

{{- define "gpt2-server.claimName" -}}
{{- default (printf "%s-models" (include "gpt2-server.fullname" .)) .Values.modelCache.persistentVolumeClaim.existingClaim }}
{{- end }}

{{- define "gpt2-server.keysSecretName" -}}
{{- if .Values.apiKeys.existingSecret }}
{{- .Values.apiKeys.existingSecret }}
{{- else if .Values.apiKeys.values }}
{{- printf "%s-api-keys" (include "gpt2-server.fullname" .) }}
{{- end }}
{{- end }}

{{- define "gpt2-server.managementPortName" -}}
{{- ternary "management" "http" (gt (int .Values.management.port) 0) }}
{{- end }}

{{- define "gpt2-server.managementPort" -}}
{{- ternary .Values.management.port .Values.containerPort (gt (int .Values.management.port) 0) }}
{{- end }}

{{- define "gpt2-server.pickerName" -}}
{{- ternary (printf "%s-picker" (include "gpt2-server.fullname" .)) .Values.inferencePool.endpointPicker.name .Values.inferencePool.endpointPicker.create }}
{{- end }}

{{- define "gpt2-server.autoscaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled }}true{{ end }}
{{- end }}

{{- /* The server's application.yaml. The chart's own values override config. */}}
{{- define "gpt2-server.settings" -}}
{{- $gpt2 := dict "model" .Values.model.id "shutdown-grace" (printf "%ds" (int .Values.shutdown.graceSeconds)) }}
{{- with .Values.model.revision }}
{{- $_ := set $gpt2 "revision" . }}
{{- end }}
{{- with .Values.model.aliases }}
{{- $_ := set $gpt2 "aliases" . }}
{{- end }}
{{- if include "gpt2-server.fromHub" . }}
{{- $hub := dict "cache" .Values.modelCache.mountPath }}
{{- with .Values.model.endpoint }}
{{- $_ := set $hub "endpoint" . }}
{{- end }}
{{- $_ := set $gpt2 "hub" $hub }}
{{- end }}
{{- if .Values.gpu.enabled }}
{{- $_ := set $gpt2 "device" "cuda" }}
{{- end }}
{{- $settings := dict "gpt2" $gpt2 "server" (dict "port" .Values.containerPort) }}
{{- if gt (int .Values.management.port) 0 }}
{{- $_ := set $settings "management" (dict "server" (dict "port" .Values.management.port)) }}
{{- end }}
{{- mergeOverwrite (deepCopy .Values.config) $settings | toYaml }}
{{- end }}

{{- /* Environment of all containers that run the server's jar. */}}
{{- define "gpt2-server.env" -}}
- name: SPRING_CONFIG_ADDITIONAL_LOCATION
  value: file:/etc/gpt2-server/config/application.yaml
{{- with .Values.javaOptions }}
- name: JAVA_TOOL_OPTIONS
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "gpt2-server.tokenEnv" -}}
{{- if .Values.model.tokenSecret.name -}}
- name: HF_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .Values.model.tokenSecret.name }}
      key: {{ .Values.model.tokenSecret.key }}
{{- end }}
{{- end }}

{{- /* Mounts of all containers that run the server's jar. */}}
{{- define "gpt2-server.mounts" -}}
- name: config
  mountPath: /etc/gpt2-server/config
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- end }}

{{- define "gpt2-server.volumes" -}}
- name: config
  configMap:
    name: {{ include "gpt2-server.fullname" . }}
- name: tmp
  emptyDir: {}
{{- if include "gpt2-server.usesCache" . }}
- name: models
  {{- if eq .Values.modelCache.type "persistentVolumeClaim" }}
  persistentVolumeClaim:
    claimName: {{ include "gpt2-server.claimName" . }}
  {{- else if eq .Values.modelCache.type "image" }}
  image:
    reference: {{ .Values.modelCache.image.reference }}
    pullPolicy: {{ .Values.modelCache.image.pullPolicy }}
  {{- else if .Values.modelCache.emptyDir.sizeLimit }}
  emptyDir:
    sizeLimit: {{ .Values.modelCache.emptyDir.sizeLimit }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- end }}

{{- /* The container that runs the download command, in a pod of the servers or of the Job. */}}
{{- define "gpt2-server.fetchContainer" -}}
name: fetch
image: {{ include "gpt2-server.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - download
  - {{ .Values.model.id }}
  {{- with .Values.model.revision }}
  - --revision
  - {{ . | quote }}
  {{- end }}
env:
  {{- include "gpt2-server.env" . | nindent 2 }}
  {{- with include "gpt2-server.tokenEnv" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  requests:
    cpu: 250m
    memory: 512Mi
  limits:
    memory: 512Mi
volumeMounts:
  {{- include "gpt2-server.mounts" . | nindent 2 }}
  - name: models
    mountPath: {{ .Values.modelCache.mountPath }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* Identity and placement of the pods of servers and the Job. */}}
{{- define "gpt2-server.podSettings" -}}
serviceAccountName: {{ include "gpt2-server.serviceAccountName" . }}
automountServiceAccountToken: false
# Variables of other services, such as GPT2_PORT, would be read as settings.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Combinations that the schema cannot refuse. */}}
{{- define "gpt2-server.check" -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled }}
{{- fail "autoscaling.enabled and keda.enabled are both true: two autoscalers would work against each other; disable one." }}
{{- end }}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.targetCPUUtilizationPercentage) (not .Values.autoscaling.targetQueueDepth) }}
{{- fail "autoscaling.enabled needs a target: set autoscaling.targetCPUUtilizationPercentage or autoscaling.targetQueueDepth." }}
{{- end }}
{{- range $name := list "autoscaling" "keda" }}
{{- $scaler := index $.Values $name }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
{{- fail (printf "%s.minReplicas is %d, which is more than %s.maxReplicas, %d." $name (int $scaler.minReplicas) $name (int $scaler.maxReplicas)) }}
{{- end }}
{{- end }}
{{- if and .Values.apiKeys.values .Values.apiKeys.existingSecret }}
{{- fail "apiKeys.values and apiKeys.existingSecret are both set: remove one." }}
{{- end }}
{{- if and (eq (include "gpt2-server.fetcher" .) "job") (ne .Values.modelCache.type "persistentVolumeClaim") }}
{{- fail (printf "model.fetch=job needs a cache that the servers share: set modelCache.type to persistentVolumeClaim (it is %s)." .Values.modelCache.type) }}
{{- end }}
{{- if and (eq .Values.modelCache.type "image") (include "gpt2-server.usesCache" .) (not .Values.modelCache.image.reference) }}
{{- fail "modelCache.type=image needs modelCache.image.reference, the image that contains the model." }}
{{- end }}
{{- if and (include "gpt2-server.usesCache" .) (not (include "gpt2-server.fromHub" .)) (eq .Values.modelCache.type "emptyDir") }}
{{- fail (printf "model.id=%s lies in modelCache.mountPath, which is empty with modelCache.type=emptyDir: use persistentVolumeClaim or image, or a hub's id." .Values.model.id) }}
{{- end }}
{{- if and .Values.inferencePool.enabled (not .Values.inferencePool.endpointPicker.create) (not .Values.inferencePool.endpointPicker.name) }}
{{- fail "inferencePool.enabled needs a picker: set inferencePool.endpointPicker.create, or inferencePool.endpointPicker.name to its service." }}
{{- end }}
{{- if and (include "gpt2-server.keysSecretName" .) (eq (int .Values.management.port) 0) }}
{{- if and .Values.serviceMonitor.enabled (not .Values.serviceMonitor.authorization) }}
{{- fail "serviceMonitor.enabled with API keys: metrics need a key. Set management.port (8081, say), or serviceMonitor.authorization." }}
{{- end }}
{{- if .Values.inferencePool.enabled }}
{{- fail "inferencePool.enabled with API keys: the endpoint picker cannot send a key to read metrics. Set management.port (8081, say)." }}
{{- end }}
{{- end }}
{{- if hasKey (default dict .Values.config.server) "port" }}
{{- fail "config.server.port is unknown to the service and the probes: set containerPort instead." }}
{{- end }}
{{- if hasKey (default dict (default dict .Values.config.management).server) "port" }}
{{- fail "config.management.server.port is unknown to the probes: set management.port instead." }}
{{- end }}
{{- if and .Values.keda.enabled (eq (int .Values.keda.minReplicas) 0) (not .Values.keda.triggers) }}
{{- fail "keda.minReplicas=0 needs one of keda.triggers that starts the first server: without a server no request waits." }}
{{- end }}
{{- if and (gt (int .Values.management.port) 0) (eq (int .Values.management.port) (int .Values.containerPort)) }}
{{- fail (printf "management.port and containerPort are both %d: change one of them, or set management.port to 0." (int .Values.containerPort)) }}
{{- end }}
{{- end }}
