using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Seed;

/// <summary>A large cluster at rest, written straight into storage: what a runner would find after months of work.</summary>
internal static class ScaleSeed
{
    private const string Namespace = "spaces";

    public static void Fill(ObjectStore store, ClusterScale scale, DateTimeOffset now)
    {
        foreach (var name in (ReadOnlySpan<string>)[Namespace, "csghub", "argo", "knative-serving"])
        {
            Add(store, ObjectKind.Namespace, new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name } },
                ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
                ["status"] = new JsonObject { ["phase"] = "Active" },
            }, now);
        }

        var time = ObjectLife.Timestamp(now);
        for (var i = 0; i < scale.Nodes; i++)
        {
            Add(store, ObjectKind.Node, Node(i, time), now);
        }

        for (var i = 0; i < scale.Services; i++)
        {
            var service = Service(i, time);
            Add(store, ObjectKind.KnativeService, service, now);
            Add(store, ObjectKind.Revision, Revision(service, time), now);
        }

        for (var i = 0; i < scale.Pods; i++)
        {
            Add(store, ObjectKind.Pod, Pod(i, scale, time), now);
        }

        // Nobody asks how it came to be.
        store.Compact();
    }

    private static void Add(ObjectStore store, ObjectKind kind, JsonObject json, DateTimeOffset now)
    {
        var type = store.Catalog.Find(kind.Group, kind.Plural);
        var key = kind.Key(json.Namespace(), json.Name());
        ObjectLife.Begin(type, key, json, now);
        store.Add(type, key, json, dryRun: false);
    }

    private static JsonObject Node(int number, string time)
    {
        var node = SeedNodes.Numbered(Text($"node-{number:00000}"));
        var status = node.Ensure("status");
        status["conditions"] = new JsonArray(Condition("Ready", time));
        status["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = Text($"10.1.{number / 250}.{(number % 250) + 1}") });
        return node;
    }

    private static string ServiceName(int number) => Text($"u-acme-model-{number:00000}");

    private static JsonObject Service(int number, string time)
    {
        var name = ServiceName(number);
        var service = SeedWorkloads.Numbered(name, 10_000 + number);
        service["status"] = new JsonObject
        {
            ["observedGeneration"] = 1,
            ["url"] = $"http://{name}.{Namespace}.app.example.com",
            ["latestCreatedRevisionName"] = $"{name}-00001",
            ["latestReadyRevisionName"] = $"{name}-00001",
            ["conditions"] = new JsonArray(Condition("ConfigurationsReady", time), Condition("Ready", time), Condition("RoutesReady", time)),
            ["traffic"] = new JsonArray(new JsonObject { ["latestRevision"] = true, ["percent"] = 100, ["revisionName"] = $"{name}-00001" }),
        };
        return service;
    }

    private static JsonObject Revision(JsonObject service, string time) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = $"{service.Name()}-00001",
            ["namespace"] = Namespace,
            ["labels"] = ServiceLabels(service.Name()),
            ["annotations"] = service.At("spec", "template", "metadata", "annotations").Copy(),
        },
        ["spec"] = service.At("spec", "template", "spec").Copy(),
        ["status"] = new JsonObject
        {
            ["observedGeneration"] = 1,
            ["actualReplicas"] = 1,
            ["desiredReplicas"] = 1,
            ["conditions"] = new JsonArray(Condition("Active", time), Condition("ContainerHealthy", time), Condition("Ready", time), Condition("ResourcesAvailable", time)),
        },
    };

    private static JsonObject Pod(int number, ClusterScale scale, string time)
    {
        var service = ServiceName(number % scale.Services);
        var requests = new JsonObject { ["cpu"] = "8", ["memory"] = "46Gi", ["nvidia.com/gpu"] = "1" };
        var labels = ServiceLabels(service);
        labels["app"] = $"{service}-00001";
        labels["csghub_deploy_id"] = Text($"{10_000 + (number % scale.Services)}");
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Text($"{service}-00001-deployment-6d8f7c9b5-{number:00000}"), ["namespace"] = Namespace, ["labels"] = labels },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = Text($"node-{number % scale.Nodes:00000}"),
                ["schedulerName"] = "default-scheduler",
                ["restartPolicy"] = "Always",
                ["containers"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = "user-container",
                        ["image"] = "registry.example.com/opencsghq/vllm:v0.24.0",
                        ["resources"] = new JsonObject { ["requests"] = requests, ["limits"] = requests.DeepClone() },
                    },
                    new JsonObject
                    {
                        ["name"] = "queue-proxy",
                        ["image"] = "registry.example.com/knative/queue:v1.15.2",
                        ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "25m" } },
                    }),
            },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["startTime"] = time,
                ["hostIP"] = Text($"10.1.{number % scale.Nodes / 250}.{(number % scale.Nodes % 250) + 1}"),
                ["podIP"] = Text($"10.42.{number / 250 % 250}.{(number % 250) + 1}"),
                ["conditions"] = new JsonArray(Condition("PodScheduled", time), Condition("ContainersReady", time), Condition("Ready", time)),
                ["containerStatuses"] = new JsonArray(Running("queue-proxy", time), Running("user-container", time)),
            },
        };
    }

    private static JsonObject ServiceLabels(string service) => new()
    {
        ["serving.knative.dev/service"] = service,
        ["serving.knative.dev/configuration"] = service,
        ["serving.knative.dev/configurationGeneration"] = "1",
        ["serving.knative.dev/revision"] = $"{service}-00001",
    };

    private static JsonObject Running(string name, string time) => new()
    {
        ["name"] = name,
        ["ready"] = true,
        ["started"] = true,
        ["restartCount"] = 0,
        ["image"] = "registry.example.com/opencsghq/vllm:v0.24.0",
        ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = time } },
    };

    private static JsonObject Condition(string type, string time) => new() { ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = time };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
