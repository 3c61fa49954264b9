using System.Text.Json;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;

namespace Runner.Tests.Engine.Clusters;

public sealed class EventOwnersTests
{
    [Theory]
    [InlineData("Service", "web", "web")]
    [InlineData("Service", "model-12345", "model-12345")]
    [InlineData("Revision", "web-00001", "web")]
    [InlineData("PodAutoscaler", "web-1-00012", "web-1")]
    [InlineData("Deployment", "web-00001-deployment", "web")]
    [InlineData("ReplicaSet", "web-00001-deployment-5d8c7b6f9", "web")]
    [InlineData("Pod", "web-12345-00002-deployment-5d8c7b6f9-24567", "web-12345")]
    [InlineData("Pod", "alone", "alone")]
    [InlineData("Pod", "", null)]
    public void The_service_is_told_from_the_name_of_the_object(string kind, string name, string? service) =>
        Assert.Equal(service, EventOwners.ServiceOf(kind, name));

    [Fact]
    public void Every_recorded_event_belongs_to_the_service_of_its_scenario()
    {
        var folder = Path.Combine(Repository.Root, "tests/Engine/Recordings/knative");
        foreach (var scenario in Directory.GetDirectories(folder))
        {
            var services = ReadObjects(Path.Combine(scenario, "services.jsonl")).Select(o => o.GetProperty("metadata").GetProperty("name").GetString()!).ToHashSet();
            foreach (var recorded in ReadObjects(Path.Combine(scenario, "events.jsonl")))
            {
                var e = recorded.Deserialize<Corev1Event>(ApiJson.Options)!;
                Assert.Contains(EventOwners.ServiceOf(e.InvolvedObject.Kind, e.InvolvedObject.Name)!, services);
                Assert.NotEqual(DateTimeOffset.UnixEpoch, EventOwners.Read(e).LastSeen);
            }
        }
    }

    private static IEnumerable<JsonElement> ReadObjects(string path) =>
        File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("object"));
}
