using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Services;

/// <summary>What no recording shows: lost nodes, evictions, leftovers of an earlier service, several instances.</summary>
public sealed class ServiceProjectionTests
{
    [Fact]
    public void An_instance_on_a_lost_node_is_not_running_although_Knative_says_ready()
    {
        var pod = Pod("a", ready: true);
        pod.Status.Conditions.Single(condition => condition.Type == "Ready").Status = "False";

        var workload = Project("True", [pod]);

        Assert.Equal((DeployStatus.Deploying, "NodeNotReady"), (workload.Status, workload.Reason));
        Assert.Contains("node-1", workload.Message, StringComparison.Ordinal);
        Assert.Equal(0, workload.ActualReplicas);
    }

    [Fact]
    public void An_evicted_instance_is_not_sleep_while_another_is_wanted()
    {
        var evicted = Pod("a", ready: false, phase: "Failed");
        evicted.Status.Reason = "Evicted";
        evicted.Status.Message = "The node was low on resource: memory.";
        evicted.Status.ContainerStatuses = [];

        var workload = Project("True", [evicted], desired: 1);
        Assert.Equal((DeployStatus.Deploying, "Evicted"), (workload.Status, workload.Reason));

        // The evicted pod stays listed for long; what it says is old once another one is ready.
        var later = Project("True", [evicted, Pod("b", ready: true)], desired: 1);
        Assert.Equal((DeployStatus.Running, ""), (later.Status, later.Reason));
    }

    [Fact]
    public void An_evicted_instance_does_not_keep_a_service_from_sleeping()
    {
        var workload = Project("True", [Pod("a", ready: false, phase: "Failed")], desired: 0);

        Assert.Equal(DeployStatus.Sleeping, workload.Status);
    }

    [Fact]
    public void Instances_and_revisions_of_an_earlier_service_of_the_name_do_not_count()
    {
        var old = Pod("old", ready: true);
        old.Metadata.Labels[KnativeNames.ServiceUidLabel] = "uid-of-the-old-one";

        var workload = Project("Unknown", [old]);

        Assert.Empty(workload.Instances);
        Assert.Equal(DeployStatus.Deploying, workload.Status);
    }

    [Fact]
    public void Leftovers_of_an_earlier_service_are_waited_for_and_are_no_failure() =>
        Assert.Equal(DeployStatus.Deploying, Project("False", [], reason: "NotOwned").Status);

    [Fact]
    public void A_service_that_scales_up_stays_running()
    {
        var workload = Project("True", [Pod("b", ready: true, age: 60), Pod("a", ready: false, phase: "Pending", age: 1)], desired: 2);

        Assert.Equal((DeployStatus.Running, 1, 2), (workload.Status, workload.ActualReplicas, workload.DesiredReplicas));
        Assert.Equal(["b", "a"], workload.Instances.Select(instance => instance.PodName));
    }

    [Fact]
    public void Terminating_instances_are_listed_but_do_not_count()
    {
        var going = Pod("a", ready: true);
        going.Metadata.DeletionTimestamp = DateTime.UnixEpoch;

        var workload = Project("True", [going], desired: 0);

        Assert.Equal((DeployStatus.Sleeping, 0), (workload.Status, workload.ActualReplicas));
        Assert.True(Assert.Single(workload.Instances).Terminating);
    }

    [Fact]
    public void A_sidecar_whose_image_cannot_be_pulled_is_told()
    {
        var pod = Pod("a", ready: false, phase: "Pending");
        pod.Status.ContainerStatuses.Single(status => status.Name == "queue-proxy").State = new() { Waiting = new() { Reason = "ErrImagePull", Message = "no route to registry" } };

        Assert.Equal(("ImagePullBackOff", "no route to registry"), (Project("Unknown", [pod]).Reason, Project("Unknown", [pod]).Message));
    }

    [Fact]
    public void The_order_in_which_objects_arrive_changes_nothing() => Prop.ForAll(
        Gen.Shuffle(Enumerable.Range(0, 5)).ToArbitrary(),
        order =>
        {
            V1Pod[] pods = [Pod("a", true, age: 5), Pod("b", false, age: 5), Pod("c", false, "Pending", 2), Pod("d", false, "Failed", 9), Pod("e", true, age: 1)];
            return Project("True", pods).Equals(Project("True", [.. order.Select(index => pods[index])]));
        }).QuickCheckThrowOnFailure();

    private static Workload Project(string ready, V1Pod[] pods, int? desired = null, string reason = "") => ServiceProjection.Project(
        "test",
        "c1",
        new()
        {
            Metadata = new() { Name = "web", NamespaceProperty = "spaces", Uid = "uid" },
            Status = new() { Conditions = [new() { Type = "Ready", Status = ready, Reason = reason }], Traffic = [new() { RevisionName = "web-00001", Percent = 100 }] },
        },
        [
            new()
            {
                Metadata = new() { Name = "web-00001" },
                Status = new() { DesiredReplicas = desired, Conditions = [new() { Type = "Ready", Status = ready }] },
            },
        ],
        pods);

    private static V1Pod Pod(string name, bool ready, string phase = "Running", int age = 10) => new()
    {
        Metadata = new()
        {
            Name = name,
            CreationTimestamp = DateTime.UnixEpoch.AddMinutes(-age),
            Labels = new Dictionary<string, string> { [KnativeNames.ServiceUidLabel] = "uid", [KnativeNames.RevisionLabel] = "web-00001" },
        },
        Spec = new() { NodeName = "node-1", Containers = [new() { Name = "user-container" }, new() { Name = "queue-proxy" }] },
        Status = new()
        {
            Phase = phase,
            Conditions = [new() { Type = "PodScheduled", Status = "True" }, new() { Type = "Ready", Status = ready ? "True" : "False" }],
            ContainerStatuses = [Container("user-container", ready), Container("queue-proxy", ready)],
        },
    };

    private static V1ContainerStatus Container(string name, bool ready) =>
        new() { Name = name, Ready = ready, State = new() { Running = new() { StartedAt = DateTime.UnixEpoch } }, Image = "", ImageID = "" };
}
