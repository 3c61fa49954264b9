using k8s.Models;
using Runner.Engine.Capacity;
using Runner.Engine.Configuration;

namespace Runner.Tests.Engine.Capacity;

/// <summary>Whose a pod is that claims something of a node.</summary>
public sealed class PodUseTests
{
    [Theory]
    [InlineData("web", "serving.knative.dev/configuration=web")]
    [InlineData("web", "csghub-service=web", "leaderworkerset.sigs.k8s.io/name=web-hosts")]
    [InlineData("others", "leaderworkerset.sigs.k8s.io/name=others")]
    [InlineData("", "app=other")]
    public void A_pod_of_a_service_names_the_service_whatever_carries_it(string service, params string[] labels)
    {
        var pod = new V1Pod
        {
            Metadata = new() { Name = "pod", NamespaceProperty = "spaces", Labels = labels.Select(label => label.Split('=')).ToDictionary(label => label[0], label => label[1]) },
            Spec = new() { NodeName = "node-1", Containers = [new() { Name = "c", Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("1") } } }] },
            Status = new() { Phase = "Running" },
        };

        Assert.Equal(service, new CapacityProjection(new AcceleratorOptions()).Read(pod)!.Service);
    }
}
