using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Services;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.Services;

public sealed class ServiceUpdateTests
{
    private static readonly RunnerOptions Options = new() { Services = new() { ModelRegistry = "registry.example.com/models", PyPiIndexUrl = "https://pypi.example.com/simple", NimPullSecret = "ngc-secret" } };

    [Fact]
    public void An_update_changes_image_environment_hardware_and_scale_and_keeps_the_rest()
    {
        var service = Running();

        Assert.True(ServiceUpdate.Apply(service, Request("""
            {"image_id":"opencsghq/vllm:v1","min_replica":2,"max_replica":4,"env":{"port":"9000","REVISION":"other","TOKEN":"x"},
             "hardware":{"cpu":{"num":"4"},"memory":"8Gi"},"tolerations":[{"key":"spot","operator":"Exists"}]}
            """), Options, out var secret));

        var template = service.Spec!.Template!;
        var container = Assert.Single(template.Spec!.Containers);
        Assert.Equal(("registry.example.com/models/opencsghq/vllm:v1", 9000), (container.Image, container.Ports[0].ContainerPort));
        Assert.Equal(["cpu", "memory"], container.Resources.Limits.Keys.Order(StringComparer.Ordinal));
        Assert.Null(template.Spec.NodeSelector);
        var env = container.Env.ToDictionary(variable => variable.Name, variable => variable.Value);
        Assert.Equal(
            ("https://pypi.example.com/simple", "none", "void"),
            (env["PIP_INDEX_URL"], env["NVIDIA_VISIBLE_DEVICES"], env["ASCEND_VISIBLE_DEVICES"]));
        Assert.DoesNotContain("ACCESS_TOKEN", env.Keys);
        Assert.Equal("x"u8, Assert.Single(secret!.Data).Value);
        Assert.Equal((secret.Metadata.Name, "TOKEN"), container.Env.Where(variable => variable.Name == "TOKEN").Select(variable => (variable.ValueFrom.SecretKeyRef.Name, variable.ValueFrom.SecretKeyRef.Key)).Single());
        Assert.Equal(("2", "4"), (template.Metadata!.Annotations["autoscaling.knative.dev/min-scale"], template.Metadata.Annotations["autoscaling.knative.dev/max-scale"]));
        Assert.Equal(("other", "4711"), (template.Metadata.Labels["csghub_deploy_commit_id"], template.Metadata.Labels["csghub_deploy_id"]));
        Assert.Equal("spot", Assert.Single(template.Spec.Tolerations!).Key);
        Assert.Equal("/dev/shm", Assert.Single(container.VolumeMounts).MountPath);
        Assert.Equal(120, container.ReadinessProbe.InitialDelaySeconds);
    }

    [Fact]
    public void The_same_update_again_has_nothing_to_do()
    {
        var service = Running();
        var request = Request("""{"image_id":"a/b:2","min_replica":1,"max_replica":2,"hardware":{"memory":"1Gi"},"env":{"port":"80"}}""");

        Assert.True(ServiceUpdate.Apply(service, request, Options, out _));
        Assert.False(ServiceUpdate.Apply(service, request, Options, out _));
    }

    [Fact]
    public void What_an_update_does_not_speak_of_stays()
    {
        var service = Running();
        var before = Running().Spec!.Template!.Spec!;

        ServiceUpdate.Apply(service, Request("""{"image_id":"a/b:2","max_replica":2}"""), Options, out _);

        var after = service.Spec!.Template!.Spec!;
        Assert.Equal(before.NodeSelector, after.NodeSelector);
        Assert.Equal(before.Containers[0].Resources.Limits["nvidia.com/gpu"].ToString(), after.Containers[0].Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.Equal(before.Containers[0].Env.Select(variable => (variable.Name, variable.Value)), after.Containers[0].Env.Select(variable => (variable.Name, variable.Value)));
    }

    [Fact]
    public void After_an_update_the_first_request_to_run_is_no_repetition() =>
        Assert.DoesNotContain(ServiceManifest.HashAnnotation, Updated().Metadata.Annotations.Keys);

    [Fact]
    public void Traffic_pinned_to_the_newest_version_follows_the_update()
    {
        var service = Running();
        service.Status = new() { LatestCreatedRevisionName = "web-00002" };
        service.Spec!.Traffic = [new() { RevisionName = "web-00001", Percent = 40 }, new() { RevisionName = "web-00002", Percent = 60 }];

        ServiceUpdate.Apply(service, Request("""{"image_id":"a/b:2"}"""), Options, out _);

        Assert.Equal([("web-00001", null), (null, true)], service.Spec.Traffic.Select(target => (target.RevisionName, target.LatestRevision)));
    }

    [Fact]
    public void An_update_to_an_image_of_NVIDIAs_gets_the_key_by_reference()
    {
        var pod = Updated("""{"image_id":"nvcr.io/nim/meta/llama3:1"}""").Spec!.Template!.Spec!;

        Assert.Contains(pod.ImagePullSecrets!, secret => secret.Name == "ngc-secret");
        Assert.Equal("nvidia-nim-secrets", pod.Containers[0].Env.Single(variable => variable.Name == "NGC_API_KEY").ValueFrom.SecretKeyRef.Name);
    }

    [Theory]
    [InlineData("""{}""", "image_id is required")]
    [InlineData("""{"image_id":"a/b","min_replica":3,"max_replica":2}""", "min_replica must not be more")]
    [InlineData("""{"image_id":"a/b","env":{"port":"planted-secret"}}""", "env.port must be a number")]
    [InlineData("""{"image_id":"a/b","hardware":{"memory":"much"}}""", "hardware.memory")]
    [InlineData("""{"image_id":"a/b","hardware":{"replicas":2}}""", "hardware.replicas")]
    public void What_cannot_be_carried_out_is_refused(string json, string problem) =>
        Assert.Contains(problem, Assert.Throws<RequestRefusedException>(() => Updated(json)).Message, StringComparison.Ordinal);

    private static KnativeService Updated(string json = """{"image_id":"a/b:2"}""")
    {
        var service = Running();
        ServiceUpdate.Apply(service, Request(json), Options, out _);
        return service;
    }

    /// <summary>As it comes back from the API server.</summary>
    private static KnativeService Running()
    {
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "run-inference.json"));
        var service = ServiceManifest.Build("web", JsonSerializer.Deserialize(sample, RequestJson.Default.ServiceRequest)!, Options, new("cluster-1", "")).Service;
        return KubernetesJson.Deserialize<KnativeService>(KubernetesJson.Serialize(service));
    }

    private static ServiceUpdateRequest Request(string json) => JsonSerializer.Deserialize(json, RequestJson.Default.ServiceUpdateRequest)!;
}
