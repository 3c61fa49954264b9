using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Services;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.Services;

public sealed class ServiceManifestTests
{
    private static readonly RunnerOptions Options = new()
    {
        Services = new()
        {
            ModelRegistry = "registry.example.com/models/",
            BuildRegistry = "registry.example.com/built",
            PublicRegistry = "registry.example.com/stock",
            ImagePullSecret = "csghub-docker-config",
            PyPiIndexUrl = "https://pypi.example.com/simple",
        },
    };

    private static readonly ClusterFacts Facts = new("cluster-1", "");

    [Fact]
    public void An_inference_request_becomes_the_service_the_hub_expects()
    {
        var service = Build(Sample("run-inference"), "u-acme-qwen").Service;

        Assert.Equal(("u-acme-qwen", "spaces"), (service.Metadata.Name, service.Metadata.NamespaceProperty));
        Contains(service.Metadata.Annotations, ("deploy_id", "4711"), ("task_id", "9001"), ("deploy_type", "1"), ("user_id", "7b1f0f5e-6a0e-4c8b-9d53-1f6f0e3f9a11"), ("deploy_sku", ""), ("order-detail-id", "0"), ("hub-deploy-user", "wanghh"));
        var template = service.Spec!.Template!;
        Contains(
            template.Metadata!.Labels,
            ("csghub_log_label_type", "deploy"), ("csghub_log_label_cluster_id", "cluster-1"), ("csghub_deploy_id", "4711"), ("csghub_deploy_type", "1"),
            ("csghub_deploy_task_id", "9001"), ("csghub_deploy_commit_id", "5f0b02c75b57c5855da9ae460ce51323ea669d8a"));
        Contains(
            template.Metadata.Annotations,
            ("autoscaling.knative.dev/class", "kpa.autoscaling.knative.dev"), ("autoscaling.knative.dev/metric", "concurrency"), ("autoscaling.knative.dev/target", "5"),
            ("autoscaling.knative.dev/target-utilization-percentage", "90"), ("autoscaling.knative.dev/min-scale", "1"), ("autoscaling.knative.dev/max-scale", "2"),
            ("enable-scale-to-zero", "false"), ("serving.knative.dev/progress-deadline", "60m"));
        var pod = template.Spec!;
        Assert.Equal(new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-A100-SXM4-80GB" }, pod.NodeSelector);
        Assert.Equal("csghub-docker-config", Assert.Single(pod.ImagePullSecrets!).Name);
        Assert.Equal("Memory", Assert.Single(pod.Volumes!).EmptyDir.Medium);
        var container = Assert.Single(pod.Containers);
        Assert.Equal(("registry.example.com/models/opencsghq/vllm:v0.24.0", "Always"), (container.Image, container.ImagePullPolicy));
        Assert.Equal(8000, Assert.Single(container.Ports).ContainerPort);
        Assert.Equal("/dev/shm", Assert.Single(container.VolumeMounts).MountPath);
        Assert.Equal((120, 10, 3), (container.ReadinessProbe.InitialDelaySeconds, container.ReadinessProbe.PeriodSeconds, container.ReadinessProbe.FailureThreshold));
        Contains(Quantities(container.Resources.Requests), ("cpu", "8"), ("memory", "46Gi"), ("ephemeral-storage", "100Gi"), ("nvidia.com/gpu", "1"));
        Assert.Equal(Quantities(container.Resources.Requests), Quantities(container.Resources.Limits));
        var env = Environment(container);
        Contains(env, ("port", "8000"), ("PIP_INDEX_URL", "https://pypi.example.com/simple"), ("ASCEND_VISIBLE_DEVICES", "void"), ("ENFLAME_VISIBLE_DEVICES", "none"), ("TOPS_VISIBLE_DEVICES", "none"));
        Assert.Equal("ACCESS_TOKEN", container.Env.Single(variable => variable.Name == "ACCESS_TOKEN").ValueFrom.SecretKeyRef.Key);
        Assert.DoesNotContain("NVIDIA_VISIBLE_DEVICES", env.Keys);
        Assert.DoesNotContain("ROCR_VISIBLE_DEVICES", env.Keys);
    }

    [Fact]
    public void A_space_takes_a_stock_image_scales_to_zero_and_has_no_shared_memory()
    {
        var service = Build(Sample("run-space") with { MinReplica = 5, MaxReplica = 9 }, "u-acme-sketch").Service;

        var pod = service.Spec!.Template!.Spec!;
        Assert.Equal("registry.example.com/stock/acme/sketch-demo-221:0a1b2c3d4e", pod.Containers[0].Image);
        Contains(service.Spec.Template.Metadata!.Annotations, ("autoscaling.knative.dev/min-scale", "1"), ("autoscaling.knative.dev/max-scale", "1"));
        Assert.Null(pod.Volumes);
        Assert.Equal(10, pod.Containers[0].ReadinessProbe.InitialDelaySeconds);
        Contains(Environment(pod.Containers[0]), ("NVIDIA_VISIBLE_DEVICES", "none"), ("ASCEND_VISIBLE_DEVICES", "void"), ("ROCR_VISIBLE_DEVICES", "none"));
    }

    [Fact]
    public void A_space_of_kind_docker_takes_the_image_that_was_built()
    {
        var request = Sample("run-space");
        request.Env!["SDK"] = "docker";

        Assert.Equal("registry.example.com/built/acme/sketch-demo-221:0a1b2c3d4e", Build(request).Service.Spec!.Template!.Spec!.Containers[0].Image);
    }

    [Fact]
    public void A_notebook_keeps_its_affinity_tolerations_and_accelerator()
    {
        var pod = Build(Sample("run-notebook")).Service.Spec!.Template!.Spec!;

        Assert.Equal("registry.example.com/models/opencsghq/notebook:1.2", pod.Containers[0].Image);
        var expression = pod.Affinity!.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions[0];
        Assert.Equal(("topology.kubernetes.io/zone", "In"), (expression.Key, expression.OperatorProperty));
        var toleration = Assert.Single(pod.Tolerations!);
        Assert.Equal(("npu", "Exists", null, "NoSchedule"), (toleration.Key, toleration.OperatorProperty, toleration.Value, toleration.Effect));
        Contains(Quantities(pod.Containers[0].Resources.Requests), ("huawei.com/Ascend910", "1"));
        var env = Environment(pod.Containers[0]);
        Assert.DoesNotContain("ASCEND_VISIBLE_DEVICES", env.Keys);
        Contains(env, ("NVIDIA_VISIBLE_DEVICES", "none"));
    }

    [Fact]
    public void A_toleration_that_is_null_is_one_without_values()
    {
        var pod = Build(Sample("run-notebook") with { Tolerations = [null!] }).Service.Spec!.Template!.Spec!;

        Assert.Null(Assert.Single(pod.Tolerations!).Key);
    }

    [Fact]
    public void Where_there_is_a_storage_class_the_user_has_a_volume()
    {
        var (service, volume, _) = Build(Sample("run-inference") with { UserId = "Wang_HH" }, facts: Facts with { StorageClass = "nfs" });

        Assert.Equal(("wang-hh", "nfs"), (volume!.Metadata.Name, volume.Spec.StorageClassName));
        Assert.Equal("100Gi", volume.Spec.Resources.Requests["storage"].ToString());
        Assert.Equal(["ReadWriteMany"], volume.Spec.AccessModes);
        var pod = service.Spec!.Template!.Spec!;
        Assert.Contains(pod.Volumes!, mounted => mounted.PersistentVolumeClaim?.ClaimName == "wang-hh");
        Assert.Contains(pod.Containers[0].VolumeMounts, mount => mount.MountPath == "/workspace");
    }

    [Fact]
    public void An_image_of_NVIDIAs_registry_gets_the_key_by_reference()
    {
        var pod = Build(Sample("run-inference") with { ImageId = "nvcr.io/nim/meta/llama3:1" }).Service.Spec!.Template!.Spec!;

        Assert.Equal("nvcr.io/nim/meta/llama3:1", pod.Containers[0].Image);
        Assert.Equal(["csghub-docker-config", "ngc-secret"], pod.ImagePullSecrets!.Select(secret => secret.Name));
        var key = pod.Containers[0].Env.Single(variable => variable.Name == "NGC_API_KEY");
        Assert.Equal("nvidia-nim-secrets", key.ValueFrom.SecretKeyRef.Name);
        Contains(Environment(pod.Containers[0]), ("NIM_CACHE_PATH", "/workspace"));
    }

    [Fact]
    public void A_request_cannot_make_an_accelerator_visible_that_it_did_not_ask_for()
    {
        var request = Sample("run-space");
        request.Env!["NVIDIA_VISIBLE_DEVICES"] = "all";

        Contains(Environment(Build(request).Service.Spec!.Template!.Spec!.Containers[0]), ("NVIDIA_VISIBLE_DEVICES", "none"));
    }

    [Fact]
    public void A_repeated_request_is_recognised_and_a_changed_one_is_not()
    {
        static string Hash(ServiceRequest request) => Build(request).Service.Metadata.Annotations[ServiceManifest.HashAnnotation];

        Assert.Equal(Hash(Sample("run-inference")), Hash(Sample("run-inference")));
        Assert.NotEqual(Hash(Sample("run-inference")), Hash(Sample("run-inference") with { TaskId = 1 }));
        Assert.NotEqual(Hash(Sample("run-inference")), Hash(Sample("run-inference") with { MaxReplica = 7 }));
    }

    [Fact]
    public void A_branch_with_slashes_becomes_a_label_that_Kubernetes_takes()
    {
        var request = Sample("run-inference");
        request.Env!["REVISION"] = "refs/heads/feature/x-";

        var service = Build(request).Service;
        Assert.Equal("refs-heads-feature-x", service.Spec!.Template!.Metadata!.Labels["csghub_deploy_commit_id"]);
        Contains(Environment(service.Spec.Template.Spec!.Containers[0]), ("REVISION", "refs/heads/feature/x-"));
    }

    [Theory]
    [InlineData("""{"deploy_id":1,"env":{"port":"80"}}""", "image_id is required")]
    [InlineData("""{"image_id":"a/b","env":{"port":"80"}}""", "deploy_id is required")]
    [InlineData("""{"image_id":"a/b","deploy_id":1}""", "env.port is required")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":null}""", "env.port is required")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"eighty"}}""", "env.port must be a number from 1 to 65535, but is something else")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"0"}}""", "env.port must be a number")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"hardware":{"cpu":{"num":"many"}}}""", "hardware.cpu.num must be a Kubernetes quantity")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"hardware":{"memory":"-4Gi"}}""", "hardware.memory must be a Kubernetes quantity")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"hardware":{"gpu":{"num":"1.5","resource_name":"nvidia.com/gpu"}}}""", "hardware.gpu.num must be a whole number")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"hardware":{"gpu":{"num":"1","resource_name":"nvidia com"}}}""", "hardware.gpu.resource_name")]
    [InlineData("""{"image_id":"a b","deploy_id":1,"env":{"port":"80"}}""", "image_id must be the name of an image")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80","a=b":"x"}}""", "a variable's name")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"min_replica":-1}""", "must not be negative")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"pd":{"enabled":true}}""", "pd.enabled")]
    [InlineData("""{"image_id":"a/b","deploy_id":1,"env":{"port":"80"},"hardware":{"replicas":2}}""", "hardware.replicas")]
    public void What_cannot_be_carried_out_is_refused_with_the_fields_name(string json, string problem)
    {
        var refusal = Assert.Throws<RequestRefusedException>(() => Build(Parse(json)));

        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("1st")]
    [InlineData("with.dot")]
    [InlineData("-dash")]
    [InlineData("dash-")]
    [InlineData("")]
    [InlineData("a2345678901234567890123456789012345678901234567890123456789012345")]
    public void A_name_that_Kubernetes_refuses_is_refused(string name) =>
        Assert.Contains("the name of a service", Assert.Throws<RequestRefusedException>(() => Build(Sample("run-space"), name)).Message, StringComparison.Ordinal);

    [Fact]
    public void All_that_is_wrong_is_told_at_once_and_no_secret_with_it()
    {
        var request = Parse("""{"env":{"ACCESS_TOKEN":"tok-planted","port":"x"},"hardware":{"memory":"lots"}}""");

        var refusal = Assert.Throws<RequestRefusedException>(() => Build(request, "Bad_Name"));

        Assert.All(["name of a service", "image_id", "deploy_id", "env.port", "hardware.memory"], field => Assert.Contains(field, refusal.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("tok-planted", refusal.Message + request, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_read_without_regard_to_case_and_null_is_the_zero_value()
    {
        var request = Parse("""{"Image_ID":"a/b","DEPLOY_ID":7,"task_id":null,"sku":null,"hardware":null,"env":{"port":"80","empty":null},"nodes":[{"Name":"n","EnableVXPU":null}],"unknown":{"x":[1]}}""");

        Assert.Equal(("a/b", 7, 0, ""), (request.ImageId, request.DeployId, request.TaskId, request.Sku));
        Assert.Equal("n", Assert.Single(request.Nodes!).Name);
        Assert.Contains(Build(request).Service.Spec!.Template!.Spec!.Containers[0].Env, variable => variable is { Name: "empty", Value: "" });
    }

    [Fact]
    public void The_manifest_survives_the_journey_through_JSON()
    {
        var json = KubernetesJson.Serialize(Build(Sample("run-notebook")).Service);

        Assert.Equal(json, KubernetesJson.Serialize(KubernetesJson.Deserialize<KnativeService>(json)));
        Assert.DoesNotContain("null", json, StringComparison.Ordinal);
    }

    private static ServiceObjects Build(ServiceRequest request, string name = "u-acme-x", ClusterFacts? facts = null) =>
        ServiceManifest.Build(name, request, Options, facts ?? Facts);

    private static ServiceRequest Sample(string name) => Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", name + ".json")));

    private static ServiceRequest Parse(string json) => JsonSerializer.Deserialize(json, RequestJson.Default.ServiceRequest)!;

    private static Dictionary<string, string> Environment(V1Container container) =>
        container.Env.Where(variable => variable.Value is not null).ToDictionary(variable => variable.Name, variable => variable.Value);

    private static Dictionary<string, string> Quantities(IDictionary<string, ResourceQuantity> quantities) =>
        quantities.ToDictionary(entry => entry.Key, entry => entry.Value.ToString());

    private static void Contains(IDictionary<string, string> actual, params (string Key, string Value)[] expected) =>
        Assert.All(expected, entry => Assert.Equal(entry.Value, Assert.Contains(entry.Key, actual)));
}
