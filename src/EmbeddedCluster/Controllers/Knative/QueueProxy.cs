using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>The sidecar that Knative adds to every pod. It carries the readiness probe; the user's container has none.</summary>
internal static class QueueProxy
{
    private const string Image = "opencsg-registry.cn-beijing.cr.aliyuncs.com/opencsghq/knative-releases/knative.dev/serving/cmd/queue:v1.15.2";

    private static readonly (string Name, int Number)[] Ports =
        [("http-queueadm", 8022), ("http-autometric", 9090), ("http-usermetric", 9091), ("queue-port", 8012), ("https-port", 8112)];

    public static JsonObject Of(StoredObject revision, string userPort, string timeout, string concurrency, JsonObject? probe) => new()
    {
        ["name"] = "queue-proxy",
        ["image"] = Image,
        ["ports"] = new JsonArray([.. Ports.Select(p => (JsonNode)new JsonObject { ["name"] = p.Name, ["containerPort"] = p.Number, ["protocol"] = "TCP" })]),
        ["env"] = Environment(revision, userPort, timeout, concurrency, probe),
        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "25m" } },
        ["readinessProbe"] = new JsonObject
        {
            ["httpGet"] = new JsonObject
            {
                ["path"] = "/",
                ["port"] = 8012,
                ["scheme"] = "HTTP",
                ["httpHeaders"] = new JsonArray(new JsonObject { ["name"] = "K-Network-Probe", ["value"] = "queue" }),
            },
            ["initialDelaySeconds"] = probe.Number("initialDelaySeconds") ?? 0,
            ["timeoutSeconds"] = probe.Number("timeoutSeconds") ?? 1,
            ["periodSeconds"] = probe.Number("periodSeconds") ?? 10,
            ["successThreshold"] = probe.Number("successThreshold") ?? 1,
            ["failureThreshold"] = probe.Number("failureThreshold") ?? 3,
        },
        ["terminationMessagePath"] = "/dev/termination-log",
        ["terminationMessagePolicy"] = "File",
        ["imagePullPolicy"] = "IfNotPresent",
        ["securityContext"] = new JsonObject
        {
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["runAsNonRoot"] = true,
            ["readOnlyRootFilesystem"] = true,
            ["allowPrivilegeEscalation"] = false,
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        },
    };

    private static JsonArray Environment(StoredObject revision, string userPort, string timeout, string concurrency, JsonObject? probe)
    {
        var readiness = (JsonObject?)probe.Copy() ?? new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = int.Parse(userPort, CultureInfo.InvariantCulture) }, ["successThreshold"] = 1 };
        if (readiness.Object("httpGet") is { } http)
        {
            http["host"] = "127.0.0.1";
            http["scheme"] ??= "HTTP";
        }

        var environment = new JsonArray();
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)
        [
            ("SERVING_NAMESPACE", revision.Key.Namespace),
            ("SERVING_SERVICE", revision.Json.Label(KnativeKeys.ServiceLabel)),
            ("SERVING_CONFIGURATION", revision.Json.Label(KnativeKeys.ConfigurationLabel)),
            ("SERVING_REVISION", revision.Key.Name),
            ("QUEUE_SERVING_PORT", "8012"),
            ("QUEUE_SERVING_TLS_PORT", "8112"),
            ("CONTAINER_CONCURRENCY", concurrency),
            ("REVISION_TIMEOUT_SECONDS", timeout),
            ("REVISION_RESPONSE_START_TIMEOUT_SECONDS", "0"),
            ("REVISION_IDLE_TIMEOUT_SECONDS", "0"),
            ("SERVING_LOGGING_CONFIG", null),
            ("SERVING_LOGGING_LEVEL", null),
            ("SERVING_ENABLE_REQUEST_LOG", "false"),
            ("SERVING_REQUEST_METRICS_BACKEND", "prometheus"),
            ("SERVING_REQUEST_METRICS_REPORTING_PERIOD_SECONDS", "5"),
            ("TRACING_CONFIG_BACKEND", "none"),
            ("USER_PORT", userPort),
            ("SYSTEM_NAMESPACE", "knative-serving"),
            ("METRICS_DOMAIN", "knative.dev/internal/serving"),
            ("SERVING_READINESS_PROBE", readiness.ToJsonString()),
            ("ENABLE_PROFILING", "false"),
            ("SERVING_ENABLE_PROBE_REQUEST_LOG", "false"),
            ("ENABLE_HTTP2_AUTO_DETECTION", "false"),
            ("ENABLE_HTTP_FULL_DUPLEX", "false"),
            ("ENABLE_MULTI_CONTAINER_PROBES", "false"),
        ])
        {
            var variable = new JsonObject { ["name"] = name };
            if (value is not null)
            {
                variable["value"] = value;
            }

            environment.Add(variable);
        }

        foreach (var (name, path) in (ReadOnlySpan<(string, string)>)[("SERVING_POD", "metadata.name"), ("SERVING_POD_IP", "status.podIP"), ("HOST_IP", "status.hostIP")])
        {
            environment.Add(new JsonObject
            {
                ["name"] = name,
                ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = path } },
            });
        }

        return environment;
    }
}
