using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;

namespace Runner.Tests.Engine.Support;

/// <summary>An embedded cluster without controllers: holds what a test puts in, and nothing moves by itself.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private TestCluster(EmbeddedClusterHost host, string name)
    {
        Host = host;
        Endpoint = EndpointOf(name, host.Kubeconfig());
    }

    public EmbeddedClusterHost Host { get; }

    public ObjectStore Store => Host.Store;

    public ClusterEndpoint Endpoint { get; }

    public static async Task<TestCluster> StartAsync(string name = "test", int port = 0)
    {
        var options = new EmbeddedClusterOptions { Controllers = false, Seed = false, Port = port };
        var cluster = new TestCluster(await EmbeddedClusterHost.StartAsync(options, TestContext.Current.CancellationToken), name);
        cluster.Store.Create(new ObjectKey("", "namespaces", "", "spaces"), new JsonObject { ["metadata"] = new JsonObject(), ["status"] = new JsonObject { ["phase"] = "Active" } });
        return cluster;
    }

    public static ClusterEndpoint EndpointOf(string name, string kubeconfig) =>
        new(name, ClusterOrigin.Kubeconfig, () => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(kubeconfig))));

    /// <summary>Creates or changes a Knative Service.</summary>
    public void PutService(string name, int generation) => Put(
        new("serving.knative.dev", "services", "spaces", name),
        $$$$"""
        {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"annotations":{"deploy_id":"{{{{Text(generation)}}}}"}},
         "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/a:{{{{Text(generation)}}}}"}]}}},
         "status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"Step{{{{Text(generation)}}}}"}]}}
        """);

    /// <summary>Creates or changes a pod of a Knative Service.</summary>
    public void PutPod(string service, string name, int restarts, string phase = "Running", bool ended = false) => Put(
        new("", "pods", "spaces", name),
        $$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"serving.knative.dev/service":"{{{{service}}}}"}},
         "spec":{"nodeName":"node-0","containers":[{"name":"user-container","image":"a"},{"name":"queue-proxy","image":"q"}]},
         "status":{"phase":"{{{{phase}}}}","containerStatuses":[{"name":"user-container","ready":true,"restartCount":{{{{Text(restarts)}}}},"image":"a","imageID":"a","state":{{{{(ended ? "{\"terminated\":{\"exitCode\":0}}" : "{\"running\":{\"startedAt\":\"2026-11-23T19:00:00Z\"}}")}}}}}]}}
        """);

    public void Put(ObjectKey key, string text)
    {
        var json = JsonNode.Parse(text)!.AsObject();
        if (Store.Get(key) is { } known)
        {
            var changed = known.Edit();
            changed["metadata"]!["annotations"] = json["metadata"]?["annotations"]?.DeepClone();
            changed["spec"] = json["spec"]?.DeepClone();
            changed = Store.Update(key, changed).Edit();
            changed["status"] = json["status"]?.DeepClone();
            Store.Update(key, changed, "status");
        }
        else
        {
            json["metadata"]!["name"] = key.Name;
            json["metadata"]!["namespace"] = key.Namespace;
            Store.Create(key, json);
        }
    }

    public void Delete(ObjectKey key) => Store.Delete(key, gracePeriodSeconds: 0);

    /// <summary>Name and resource version of everything of one kind, as the cluster has it.</summary>
    public IEnumerable<string> Versions(string group, string plural) =>
        Store.List(group, plural, "spaces").Select(o => $"{o.Key.Name}@{Text(o.ResourceVersion)}").Order(StringComparer.Ordinal);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
