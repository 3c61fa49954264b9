using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>The objects made for a Revision.</summary>
internal static class RevisionDeployment
{
    private const string DefaultTimeout = "300";

    public static JsonObject Of(StoredObject revision, string name)
    {
        var deadline = KnativeKeys.Duration(revision.Json.Annotation(KnativeKeys.ProgressDeadline)) ?? TimeSpan.FromSeconds(600);
        return new JsonObject
        {
            ["metadata"] = Metadata(revision, name),
            ["spec"] = new JsonObject
            {
                ["replicas"] = 1,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [KnativeKeys.RevisionUidLabel] = revision.Json.Uid() } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = Labels(revision), ["annotations"] = Annotations(revision) },
                    ["spec"] = PodSpec(revision),
                },
                ["strategy"] = new JsonObject
                {
                    ["type"] = "RollingUpdate",
                    ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = 0, ["maxSurge"] = "25%" },
                },
                ["revisionHistoryLimit"] = 10,
                ["progressDeadlineSeconds"] = (long)deadline.TotalSeconds,
            },
        };
    }

    public static JsonObject AutoscalerOf(StoredObject revision, string deployment, string reachability) => new()
    {
        ["metadata"] = Metadata(revision, revision.Key.Name),
        ["spec"] = new JsonObject
        {
            ["protocolType"] = "http1",
            ["reachability"] = reachability,
            ["scaleTargetRef"] = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = deployment },
        },
    };

    private static JsonObject Metadata(StoredObject revision, string name) => new()
    {
        ["name"] = name,
        ["namespace"] = revision.Key.Namespace,
        ["labels"] = Labels(revision),
        ["annotations"] = Annotations(revision),
        ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(revision, ObjectKind.Revision)),
    };

    private static JsonObject Labels(StoredObject revision)
    {
        var labels = (JsonObject?)revision.Json.Object("metadata", "labels").Copy() ?? [];
        labels.Remove(KnativeKeys.RoutingStateLabel);
        labels["app"] = revision.Key.Name;
        labels[KnativeKeys.RevisionLabel] = revision.Key.Name;
        labels[KnativeKeys.RevisionUidLabel] = revision.Json.Uid();
        return labels;
    }

    private static JsonObject Annotations(StoredObject revision)
    {
        var annotations = (JsonObject?)revision.Json.Object("metadata", "annotations").Copy() ?? [];
        annotations.Remove(KnativeKeys.Routes);
        annotations.Remove(KnativeKeys.RoutingStateModified);
        return annotations;
    }

    private static JsonObject PodSpec(StoredObject revision)
    {
        var spec = (JsonObject?)revision.Json.Object("spec").Copy() ?? [];
        var timeout = spec.Text("timeoutSeconds") ?? DefaultTimeout;
        var concurrency = spec.Text("containerConcurrency") ?? "0";
        foreach (var field in (ReadOnlySpan<string>)["containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds"])
        {
            spec.Remove(field);
        }

        var containers = new JsonArray();
        JsonObject? user = null;
        foreach (var container in spec.Items("containers"))
        {
            var copy = (JsonObject)container.DeepClone();
            if (user is null || copy.Items("ports").Any())
            {
                user ??= copy;
            }

            Complete(copy, revision);
            containers.Add(copy);
        }

        var port = user.Items("ports").FirstOrDefault().Text("containerPort") ?? "8080";
        var probe = user?["readinessProbe"];
        user?.Remove("readinessProbe");
        containers.Add(QueueProxy.Of(revision, port, timeout, concurrency, probe as JsonObject));
        spec["containers"] = containers;
        spec["terminationGracePeriodSeconds"] = long.TryParse(timeout, out var seconds) ? seconds : 300;
        spec["dnsPolicy"] = "ClusterFirst";
        spec["restartPolicy"] = "Always";
        spec["schedulerName"] ??= "default-scheduler";
        spec["securityContext"] ??= new JsonObject();
        spec["enableServiceLinks"] ??= false;
        spec.Ensure("affinity")["podAntiAffinity"] ??= new JsonObject
        {
            ["preferredDuringSchedulingIgnoredDuringExecution"] = new JsonArray(new JsonObject
            {
                ["weight"] = 100,
                ["podAffinityTerm"] = new JsonObject
                {
                    ["labelSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [KnativeKeys.RevisionLabel] = revision.Key.Name } },
                    ["topologyKey"] = "kubernetes.io/hostname",
                },
            }),
        };
        return spec;
    }

    private static void Complete(JsonObject container, StoredObject revision)
    {
        container["name"] ??= "user-container";
        var port = container.Items("ports").FirstOrDefault();
        var number = port.Text("containerPort") ?? "8080";
        container["ports"] = new JsonArray(new JsonObject { ["name"] = port.Text("name") ?? "user-port", ["containerPort"] = long.Parse(number, System.Globalization.CultureInfo.InvariantCulture), ["protocol"] = "TCP" });
        var environment = (JsonArray?)container.Array("env").Copy() ?? [];
        void Add(string name, string value) => environment.Add(new JsonObject { ["name"] = name, ["value"] = value });
        Add("PORT", number);
        Add("K_REVISION", revision.Key.Name);
        Add("K_CONFIGURATION", revision.Json.Label(KnativeKeys.ConfigurationLabel) ?? "");
        Add("K_SERVICE", revision.Json.Label(KnativeKeys.ServiceLabel) ?? "");
        container["env"] = environment;
        container["lifecycle"] = new JsonObject
        {
            ["preStop"] = new JsonObject { ["httpGet"] = new JsonObject { ["path"] = "/wait-for-drain", ["port"] = 8022, ["scheme"] = "HTTP" } },
        };
        container["terminationMessagePath"] = "/dev/termination-log";
        container["terminationMessagePolicy"] = "FallbackToLogsOnError";
    }
}
