using System.Globalization;
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

        Assert.True(ServiceUpdate.Apply(service, [], Request("""
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

        Assert.True(ServiceUpdate.Apply(service, [], request, Options, out _));
        Assert.False(ServiceUpdate.Apply(service, [], request, Options, out _));
    }

    [Fact]
    public void What_an_update_does_not_speak_of_stays()
    {
        var service = Running();
        var before = Running().Spec!.Template!.Spec!;

        ServiceUpdate.Apply(service, [], Request("""{"image_id":"a/b:2","max_replica":2}"""), Options, out _);

        var after = service.Spec!.Template!.Spec!;
        Assert.Equal(before.NodeSelector, after.NodeSelector);
        Assert.Equal(before.Containers[0].Resources.Limits["nvidia.com/gpu"].ToString(), after.Containers[0].Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.Equal(before.Containers[0].Env.Select(variable => (variable.Name, variable.Value)), after.Containers[0].Env.Select(variable => (variable.Name, variable.Value)));
    }

    [Fact]
    public void An_update_that_does_not_speak_of_hardware_keeps_nobody_off_the_nodes_with_accelerators()
    {
        var service = Running();

        ServiceUpdate.Apply(service, [], Request("""{"image_id":"a/b:2","max_replica":2,"nodes":[{"Name":"gpu-1","HasXPU":true}]}"""), Options, out _);

        Assert.Null(service.Spec!.Template!.Spec!.Affinity);
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

        ServiceUpdate.Apply(service, [], Request("""{"image_id":"a/b:2"}"""), Options, out _);

        Assert.Equal([("web-00001", null), (null, true)], service.Spec.Traffic.Select(target => (target.RevisionName, target.LatestRevision)));
    }

    [Theory]
    [InlineData("update")]
    [InlineData("scale")]
    [InlineData("restart")]
    public void Once_the_newest_version_was_removed_a_change_is_one_of_the_version_that_serves(string change)
    {
        var service = Running();
        var template = service.Spec!.Template!;
        var (min, max) = (template.Metadata!.Annotations[ServiceChanges.MinScale], template.Metadata.Annotations[ServiceChanges.MaxScale]);
        var image = template.Spec!.Containers[0].Image;
        VersionRules.SetCommit(service, "removed");
        service.Status = new() { LatestCreatedRevisionName = "web-00003" };
        service.Spec.Traffic = [new() { RevisionName = "web-00001", Percent = 100 }];
        KnativeRevision[] revisions = [Revision(1, "serves"), Revision(2, "idle"), Revision(3, "removed", isRemoved: true)];

        // Of what is asked for, the template says all already: of the revision that serves, it says nothing.
        Assert.True(change switch
        {
            "update" => ServiceUpdate.Apply(service, revisions, Request($$"""{"image_id":"{{image}}","min_replica":{{min}},"max_replica":{{max}}}"""), Options, out _),
            "scale" => ServiceChanges.Scale(service, revisions, new(int.Parse(min, CultureInfo.InvariantCulture), int.Parse(max, CultureInfo.InvariantCulture))),
            _ => ServiceChanges.Restart(service, revisions, DateTimeOffset.UnixEpoch),
        });

        Assert.Equal([(null, true)], service.Spec.Traffic.Select(target => (target.RevisionName, target.LatestRevision)));
        Assert.Equal("serves", template.Metadata.Labels["csghub_deploy_commit_id"]);
        Assert.Equal("serves of old", template.Spec.Containers[0].Env.Single(variable => variable.Name == "REVISION").Value);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_template_whose_version_is_there_or_is_still_to_come_keeps_its_commit(bool isThere, bool isLeft)
    {
        var service = Running();
        VersionRules.SetCommit(service, "newest");
        service.Spec!.Traffic = [new() { RevisionName = "web-00001", Percent = 100 }];
        List<KnativeRevision> revisions = [Revision(1, "serves")];
        revisions.AddRange(isThere ? [Revision(2, "newest", isRemoved: true), Revision(3, "newest")] : []);
        revisions.AddRange(isLeft ? [Revision(4, "other", isRemoved: true)] : []);

        Assert.Null(VersionRules.HeirOf(service, revisions));
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
        ServiceUpdate.Apply(service, [], Request(json), Options, out _);
        return service;
    }

    private static KnativeRevision Revision(int number, string commit, bool isRemoved = false) => new()
    {
        Metadata = new()
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"web-{number:00000}"),
            CreationTimestamp = DateTime.UnixEpoch.AddHours(number),
            Labels = new Dictionary<string, string> { ["csghub_deploy_commit_id"] = commit },
            Annotations = isRemoved ? new Dictionary<string, string> { [KnativeNames.RevisionStateAnnotation] = KnativeNames.RevisionDeleted } : null,
        },
        Spec = new() { Containers = [new() { Env = [new() { Name = "REVISION", Value = $"{commit} of old" }] }] },
    };

    /// <summary>As it comes back from the API server.</summary>
    private static KnativeService Running()
    {
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "samples", "run-inference.json"));
        var service = ServiceManifest.Build("web", JsonSerializer.Deserialize(sample, RequestJson.Default.ServiceRequest)!, Options, new("cluster-1", "")).Service;
        return KubernetesJson.Deserialize<KnativeService>(KubernetesJson.Serialize(service));
    }

    private static ServiceUpdateRequest Request(string json) => JsonSerializer.Deserialize(json, RequestJson.Default.ServiceUpdateRequest)!;
}
