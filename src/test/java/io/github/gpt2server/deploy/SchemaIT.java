package io.github.gpt2server.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that are wrong are refused, with the place where they stand. */
class SchemaIT {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          replicacount: 3                               | at '': additional properties 'replicacount' not allowed
          replicaCount: three                           | at '/replicaCount': got string, want integer
          replicaCount: "3"                             | at '/replicaCount': got string, want integer
          replicaCount: -1                              | at '/replicaCount': minimum: got -1, want 0
          image: {tagg: x}                              | at '/image': additional properties 'tagg' not allowed
          image: {tag: 1.0}                             | at '/image/tag': got number, want string
          image: {digest: abc}                          | at '/image/digest': 'abc' does not match pattern
          image: {pullPolicy: always}                   | at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'
          model: {id: a/b/c}                            | at '/model/id': 'a/b/c' does not match pattern
          model: {id: ""}                               | at '/model/id': '' does not match pattern
          model: {revision: 1234567}                    | at '/model/revision': got number, want string
          model: {fetch: now}                           | at '/model/fetch': value must be one of 'init', 'job', 'server'
          model: {aliases: gpt2}                        | at '/model/aliases': got string, want array
          modelCache: {type: pvc}                       | at '/modelCache/type': value must be one of
          modelCache: {mountPath: models}               | at '/modelCache/mountPath': 'models' does not match pattern
          config: {gpt2: {max-sequence: 4}}             | at '/config/gpt2': additional properties 'max-sequence' not allowed
          config: {gpt2: {max-sequences: "4"}}          | at '/config/gpt2/max-sequences': got string, want integer
          config: {gpt2: {model: gpt2}}                 | at '/config/gpt2': additional properties 'model' not allowed
          config: {gpt2: {dtype: int4}}                 | at '/config/gpt2/dtype': value must be one of
          config: {gpt2: {request-timeout: fast}}       | at '/config/gpt2/request-timeout': 'fast' does not match pattern
          config: {sever: {}}                           | at '/config': additional properties 'sever' not allowed
          apiKeys: {values: ["a b c"]}                  | at '/apiKeys/values/0': 'a b c' does not match pattern
          config: {gpt2: {limits: {keys: {a: {x: 1}}}}} | at '/config/gpt2/limits/keys/a': additional properties 'x' not allowed
          containerPort: 80                             | at '/containerPort': minimum: got 80, want 1,024
          service: {type: External}                     | at '/service/type': value must be one of
          service: {port: 70000}                        | at '/service/port': maximum: got 70,000, want 65,535
          ingress: {enabled: yes please}                | at '/ingress/enabled': got string, want boolean
          ingress: {enabled: true}                      | at '/ingress/hosts': minItems: got 0, want 1
          ingress: {hosts: [{host: a}]}                 | at '/ingress/hosts/0': missing property 'paths'
          ingress: {annotations: {a: 1}}                | at '/ingress/annotations/a': got number, want string
          httpRoute: {enabled: true}                    | at '/httpRoute/parentRefs': minItems: got 0, want 1
          httpRoute: {timeouts: {request: forever}}     | at '/httpRoute/timeouts/request': 'forever' does not match pattern
          inferencePool: {failureMode: FailClosed}      | at '/inferencePool/failureMode': value must be one of 'FailOpen', 'FailClose'
          resources: {request: {cpu: 1}}                | at '/resources': additional properties 'request' not allowed
          resources: {requests: {cpu: one}}             | at '/resources/requests/cpu': 'one' does not match pattern
          gpu: {count: 0}                               | at '/gpu/count': minimum: got 0, want 1
          shutdown: {graceSeconds: 30s}                 | at '/shutdown/graceSeconds': got string, want integer
          probes: {startup: {httpGet: {}}}              | at '/probes/startup': additional properties 'httpGet' not allowed
          autoscaling: {targetQueueDepth: long}         | at '/autoscaling/targetQueueDepth'
          keda: {serverAddress: prometheus}             | at '/keda/serverAddress': 'prometheus' does not match pattern
          podDisruptionBudget: {maxUnavailable: half}   | at '/podDisruptionBudget/maxUnavailable': 'half' does not match pattern
          extraEnv: [{nam: A}]                          | at '/extraEnv/0': missing property 'name'
          """)
  void refuses(String values, String place) {
    assertThat(Chart.refusal(values)).contains(place);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {autoscaling: {enabled: true}, keda: {enabled: true}}                     | autoscaling.enabled and keda.enabled are both true: two autoscalers would work against each other; disable one.
          {autoscaling: {enabled: true, targetCPUUtilizationPercentage: 0}}         | autoscaling.enabled needs a target: set autoscaling.targetCPUUtilizationPercentage or autoscaling.targetQueueDepth.
          {autoscaling: {enabled: true, minReplicas: 5}}                            | autoscaling.minReplicas is 5, which is more than autoscaling.maxReplicas, 4.
          {keda: {enabled: true, minReplicas: 9}}                                   | keda.minReplicas is 9, which is more than keda.maxReplicas, 4.
          {keda: {enabled: true, minReplicas: 0}}                                   | keda.minReplicas=0 needs one of keda.triggers that starts the first server: without a server no request waits.
          {apiKeys: {values: [a], existingSecret: b}}                               | apiKeys.values and apiKeys.existingSecret are both set: remove one.
          {model: {id: a/b, fetch: job}}                                            | model.fetch=job needs a cache that the servers share: set modelCache.type to persistentVolumeClaim (it is emptyDir).
          {model: {id: /models}, modelCache: {type: image}}                         | modelCache.type=image needs modelCache.image.reference, the image that contains the model.
          {model: {id: /models/a}}                                                  | model.id=/models/a lies in modelCache.mountPath, which is empty with modelCache.type=emptyDir: use persistentVolumeClaim or image, or a hub's id.
          {inferencePool: {enabled: true, endpointPicker: {create: false}}}         | inferencePool.enabled needs a picker: set inferencePool.endpointPicker.create, or inferencePool.endpointPicker.name to its service.
          {inferencePool: {enabled: true}, apiKeys: {values: [a]}}                  | inferencePool.enabled with API keys: the endpoint picker cannot send a key to read metrics. Set management.port (8081, say).
          {serviceMonitor: {enabled: true}, apiKeys: {values: [a]}}                 | serviceMonitor.enabled with API keys: metrics need a key. Set management.port (8081, say), or serviceMonitor.authorization.
          {management: {port: 8080}}                                                | management.port and containerPort are both 8080: change one of them, or set management.port to 0.
          {config: {server: {port: 9000}}}                                          | config.server.port is unknown to the service and the probes: set containerPort instead.
          {config: {management: {server: {port: 9000}}}}                            | config.management.server.port is unknown to the probes: set management.port instead.
          """)
  void refusesWhatDoesNotGoTogether(String values, String sentence) {
    assertThat(Chart.refusal(values)).contains(sentence);
  }
}
