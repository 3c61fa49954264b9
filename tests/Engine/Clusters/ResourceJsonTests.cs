using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Reading;
using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Clusters;

public sealed class ResourceJsonTests
{
    private static readonly ResourceKind<V1ConfigMap> ConfigMaps = new("", "v1", "configmaps", "rec-watch");

    [Fact]
    public void Every_recorded_watch_event_is_read_with_its_version_and_error_code()
    {
        var json = new ResourceJson<V1ConfigMap>(ConfigMaps);
        var codes = new List<int>();
        var events = 0;
        foreach (var recorded in RecordedEvents("watch.json").Concat(RecordedEvents("expired.json")))
        {
            var type = recorded["type"]!.GetValue<string>();
            if (recorded["object"]!["kind"]?.GetValue<string>() is not ("ConfigMap" or "Status"))
            {
                continue;
            }

            var read = json.ReadEvent(Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["object"] = recorded["object"]!.DeepClone() }.ToJsonString()));
            events++;
            if (read.Error is { } error)
            {
                codes.Add(error.Code);
                Assert.StartsWith("too old resource version", error.Message, StringComparison.Ordinal);
                continue;
            }

            Assert.Equal(type, read.Type.ToString().ToUpperInvariant());
            Assert.Equal(recorded["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>(), read.ResourceVersion);
            Assert.Equal(recorded["object"]!["metadata"]!["name"]?.GetValue<string>(), read.Item.Object?.Metadata.Name);
        }

        Assert.True(events > 20);
        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.Equal(410, code));
    }

    [Fact]
    public void A_page_gives_its_items_its_version_and_the_token_of_the_next_page()
    {
        var json = new ResourceJson<KnativeService>(new("serving.knative.dev", "v1", "services", null) { KeepJson = true });
        var items = new List<Received<KnativeService>>();

        var end = json.ReadPage(
            """{"kind":"ServiceList","items":[{"metadata":{"name":"a","managedFields":[{"manager":"x"}],"uid":"1"},"other":[1]},{"metadata":{"name":"b"}}],"metadata":{"continue":"next","resourceVersion":"7","remainingItemCount":9}}"""u8,
            items);

        Assert.Equal(new ListEnd("7", "next"), end);
        Assert.Equal(["a", "b"], items.Select(item => item.Object.Metadata.Name));
        Assert.Equal("""{"metadata":{"name":"a","uid":"1"},"other":[1]}""", Encoding.UTF8.GetString(items[0].Json!));
    }

    [Theory]
    [InlineData("""{"metadata":{"managedFields":[{"a":"}]"}],"name":"x"},"spec":{}}""", """{"metadata":{"name":"x"},"spec":{}}""")]
    [InlineData("""{"spec":{"managedFields":[1]},"metadata":{"name":"x","managedFields":[]}}""", """{"spec":{"managedFields":[1]},"metadata":{"name":"x"}}""")]
    [InlineData("""{ "metadata" : { "managedFields" : [ ] } }""", """{ "metadata" : {} }""")]
    [InlineData("""{"metadata":{"annotations":{"managedFields":"kept"},"managedFields":[1,2],"name":"x"}}""", """{"metadata":{"annotations":{"managedFields":"kept"},"name":"x"}}""")]
    [InlineData("""{"metadata":null}""", """{"metadata":null}""")]
    public void Managed_fields_of_the_object_alone_are_cut_out(string json, string expected)
    {
        var actual = Encoding.UTF8.GetString(ApiJson.WithoutManagedFields(Encoding.UTF8.GetBytes(json)));

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Pods_are_held_without_environment_values_and_managed_fields()
    {
        var pod = ApiJson.Read(
            """{"metadata":{"name":"p","managedFields":[{"manager":"m"}]},"spec":{"nodeName":"n","volumes":[{"name":"v"}],"containers":[{"name":"c","image":"i","env":[{"name":"TOKEN","value":"s3cret"}],"resources":{"requests":{"cpu":"1"}}}]}}"""u8,
            PodReader.Read);

        Assert.Null(pod.Metadata.ManagedFields);
        Assert.Null(pod.Spec.Containers[0].Env);
        Assert.Null(pod.Spec.Volumes);
        Assert.Equal(("n", "c", "i", "1"), (pod.Spec.NodeName, pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Image, pod.Spec.Containers[0].Resources.Requests["cpu"].ToString()));
    }

    private static IEnumerable<JsonNode> RecordedEvents(string file)
    {
        var path = Path.Combine(Repository.Root, "tests/Engine/Recordings/kubernetes-api", file);
        return JsonNode.Parse(File.ReadAllBytes(path))!["exchanges"]!.AsArray()
            .SelectMany(exchange => exchange!["events"]?.AsArray() ?? [])
            .Select(recorded => recorded!);
    }
}
