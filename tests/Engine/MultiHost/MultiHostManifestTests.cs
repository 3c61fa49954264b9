using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.RunnerApi;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.MultiHost;

public sealed class MultiHostManifestTests
{
    private const string Name = "u-acme-deepseek-r1-3kc";

    private static readonly RunnerOptions Options = new() { Services = new() { ModelRegistry = "registry.example.com/models", ImagePullSecret = "csghub-docker-config" } };

    [Fact]
    public void A_request_over_two_hosts_becomes_a_set_whose_pods_are_those_of_a_service_on_one_host()
    {
        var request = Sample();
        var set = Build(request).Set;
        request.Hardware!.Replicas = 1;
        var service = ServiceManifest.Build(Name, request, Options, new("c1", "nfs"));

        Assert.Equal((1, 2, "RecreateGroupOnPodRestart"), (set.Spec!.Replicas, set.Spec.Template!.Size, set.Spec.Template.RestartPolicy));
        Assert.Equal(Without(service.Service.Metadata.Annotations, ServiceManifest.HashAnnotation), Without(set.Metadata.Annotations, ServiceManifest.HashAnnotation));
        var single = service.Service.Spec!.Template!;
        foreach (var pod in new[] { set.Spec.Template.Leader!, set.Spec.Template.Worker! })
        {
            Assert.Equal(single.Metadata!.Labels.OrderBy(label => label.Key), Without(pod.Metadata.Labels, LeaderWorkerSetNames.ServiceLabel).OrderBy(label => label.Key));
            var (own, others) = (Assert.Single(pod.Spec.Containers), Assert.Single(single.Spec!.Containers));
            Assert.Equal((others.Name, others.Image, others.ImagePullPolicy), (own.Name, own.Image, own.ImagePullPolicy));
            Assert.Equal(others.Env.Select(entry => (entry.Name, entry.Value)).Append(("TOTAL_GPU", "16")), own.Env.Select(entry => (entry.Name, entry.Value)));
            Assert.Equal("8", own.Resources.Limits["nvidia.com/gpu"].ToString());
            Assert.Equal(["/dev/shm", "/workspace"], own.VolumeMounts.Select(mount => mount.MountPath));
            Assert.Equal(["dshm", "nas-pvc"], pod.Spec.Volumes.Select(volume => volume.Name));
            Assert.Equal("NVIDIA-A100-SXM4-80GB", pod.Spec.NodeSelector["nvidia.com/gpu.product"]);
            Assert.Equal("csghub-docker-config", Assert.Single(pod.Spec.ImagePullSecrets).Name);
        }

        // Only the leader answers requests, so only the leader is asked whether it does.
        var probe = set.Spec.Template.Leader!.Spec.Containers[0].ReadinessProbe;
        Assert.Equal(("8000", 120, 10, 3), (probe.TcpSocket.Port.Value, probe.InitialDelaySeconds, probe.PeriodSeconds, probe.FailureThreshold));
        Assert.Null(set.Spec.Template.Worker!.Spec.Containers[0].ReadinessProbe);
    }

    [Fact]
    public void The_service_of_the_workloads_name_leads_to_the_leaders_and_belongs_to_the_set()
    {
        var objects = Build(Sample());
        var address = MultiHostManifest.OwnedBy(objects.Address, new() { Name = objects.Set.Metadata.Name, Uid = "uid-1" });

        Assert.Equal((Name, "spaces"), (address.Metadata.Name, address.Metadata.NamespaceProperty));
        Assert.Equal((objects.Set.Metadata.Name, "0"), (address.Spec.Selector[LeaderWorkerSetNames.SetLabel], address.Spec.Selector[LeaderWorkerSetNames.WorkerIndexLabel]));
        Assert.Equal((80, "8000"), (Assert.Single(address.Spec.Ports).Port, address.Spec.Ports[0].TargetPort.Value));
        Assert.Equal("uid-1", Assert.Single(address.Metadata.OwnerReferences).Uid);

        // The manager takes the set's name for a headless Service of its own.
        Assert.NotEqual(objects.Set.Metadata.Name, address.Metadata.Name);
    }

    [Fact]
    public void Libraries_that_connect_the_hosts_use_the_configured_network_unless_the_request_says_otherwise()
    {
        var request = Sample();
        request.Env!["NCCL_SOCKET_IFNAME"] = "bond0";

        var env = Build(request, new("c1", "", "eth1")).Set.Spec!.Template!.Worker!.Spec.Containers[0].Env.ToDictionary(entry => entry.Name, entry => entry.Value);

        Assert.Equal(("bond0", "eth1"), (env["NCCL_SOCKET_IFNAME"], env["GLOO_SOCKET_IFNAME"]));
    }

    [Fact]
    public void The_queue_that_its_hosts_wait_in_is_told_of_the_service()
    {
        var request = Sample();
        request.Scheduler = new() { Volcano = new() { Queue = "research" } };

        Assert.Equal("research", MultiHostProjection.Project("c", "c1", Build(request).Set, []).QueueName);
    }

    [Fact]
    public void Images_are_told_how_many_accelerators_a_host_has_and_all_together_unless_the_request_says_otherwise()
    {
        var request = Sample();
        request.Hardware!.Gpu = new() { Num = "8", ResourceName = "nvidia.com/gpu" };
        request.Env!["TOTAL_GPU"] = "15";

        var env = Build(request).Set.Spec!.Template!.Leader!.Spec.Containers[0].Env.ToDictionary(entry => entry.Name, entry => entry.Value);

        Assert.Equal(("8", "15"), (env["GPU_NUM"], env["TOTAL_GPU"]));
        request.Env.Remove("TOTAL_GPU");
        Assert.Equal("16", Build(request).Set.Spec!.Template!.Worker!.Spec.Containers[0].Env.Single(entry => entry.Name == "TOTAL_GPU").Value);
    }

    [Theory]
    [InlineData(0, 1, 5, "only inference")]
    [InlineData(2, 0, 1, "min_replica must be at least 1")]
    [InlineData(2, 1, 2, "only inference")]
    public void What_cannot_span_hosts_is_refused_with_the_reason(int hosts, int minReplica, int deployType, string reason)
    {
        var request = Sample() with { MinReplica = minReplica, DeployType = deployType };
        request.Hardware!.Replicas = Math.Max(hosts, 2);

        Assert.Contains(reason, Assert.Throws<RequestRefusedException>(() => Build(request)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sets_of_different_services_have_different_names_that_leave_room_for_what_Kubernetes_appends() => Prop.ForAll(
        Gen.Choose(0, 61).SelectMany(length => Gen.ArrayOf(Gen.Elements("abc-019".ToCharArray()), length)).Select(letters => "s" + new string(letters)).ToArbitrary(),
        name =>
        {
            var (one, other) = (LeaderWorkerSetNames.SetOf(name + "1"), LeaderWorkerSetNames.SetOf(name + "2"));
            return Naming.IsServiceName(one) && one.Length <= 49 && one != other;
        }).QuickCheckThrowOnFailure();

    private static MultiHostObjects Build(ServiceRequest request, ClusterFacts? facts = null) => MultiHostManifest.Build(Name, request, Options, facts ?? new("c1", "nfs"));

    private static ServiceRequest Sample() => JsonSerializer.Deserialize(RunnerApiHost.Sample("run-multihost"), RequestJson.Default.ServiceRequest)!;

    private static Dictionary<string, string> Without(IDictionary<string, string> values, string key) => values.Where(entry => entry.Key != key).ToDictionary();
}
