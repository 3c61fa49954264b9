using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.RunnerApi;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>The objects that a request becomes.</summary>
public sealed class ImageBuildManifestTests
{
    private static readonly RunnerOptions Options = new()
    {
        Services = new() { BuildRegistry = "registry.example.com/spaces/", ImagePullSecret = "registry-pull", PyPiIndexUrl = "https://pypi.example.com/simple/" },
        ImageBuilds = new() { GitImage = "example/git:1", KanikoImage = "example/kaniko:1", JobTtl = TimeSpan.FromSeconds(77) },
    };

    [Fact]
    public void The_sample_becomes_a_workflow_that_clones_and_builds()
    {
        var workflow = Build(Sample()).Workflow;

        Assert.Equal("sib-acme-sketch-d-4712-9002", workflow.Metadata.Name);
        Assert.Equal("imagebuilder", workflow.GetLabel("workflow-scope"));
        Assert.Equal((int)Options.Retention.Ended.TotalSeconds, workflow.Spec!.TtlStrategy!.SecondsAfterCompletion);
        Assert.Equal("executor", workflow.Spec.ServiceAccountName);
        Assert.Equal(["4712", "9002", "imagebuilder"], new[] { "csghub_deploy_id", "csghub_deploy_task_id", "csghub_log_label_type" }.Select(label => workflow.Spec.PodMetadata!.Labels![label]));
        var template = Assert.Single(workflow.Spec.Templates!);
        var init = Assert.Single(template.InitContainers!);
        Assert.Equal(("init-repo", "example/git:1"), (init.Name, init.Image));
        Assert.Equal(["sh", "/builder/config/prepare.sh"], init.Command);
        Assert.Equal(
            [
                "--context=/shared/Sketch-Demo", "--destination=registry.example.com/spaces/acme/sketch-demo-221:0a1b2c3d4e", "--build-arg=GIT_IMAGE=example/git:1",
                "--build-arg=SPACE_BASE_TAG=python3.10", "--build-arg=PyPI=https://pypi.example.com/simple/",
            ],
            template.Container!.Args);
        Assert.Equal("example/kaniko:1", template.Container.Image);
        var registry = Assert.Single(template.Volumes!, volume => volume.Secret?.SecretName == "registry-pull");
        Assert.Equal("config.json", Assert.Single(registry.Secret.Items, item => item.Key == ".dockerconfigjson").Path);
        Assert.Contains(template.Container.VolumeMounts, mount => mount.Name == registry.Name && mount.MountPath == "/kaniko/.docker");
        Assert.DoesNotContain(init.VolumeMounts, mount => mount.Name == registry.Name);
    }

    [Fact]
    public void The_token_is_in_its_Secret_alone_and_only_the_cloning_container_has_that()
    {
        var request = Sample() with { GitAccessToken = "tok-planted-4711" };
        var objects = Build(request);

        Assert.DoesNotContain("tok-planted", JsonSerializer.Serialize(objects.Workflow), StringComparison.Ordinal);
        Assert.DoesNotContain("tok-planted", KubernetesJson.Serialize(objects.Workflow), StringComparison.Ordinal);
        Assert.DoesNotContain("tok-planted", request.ToString(), StringComparison.Ordinal);
        var secret = objects.Job.Secret!;
        Assert.Equal("tok-planted-4711", secret.StringData["token"]);
        var template = objects.Workflow.Spec!.Templates![0];
        var volume = Assert.Single(template.Volumes!, volume => volume.Secret?.SecretName == secret.Metadata.Name);
        Assert.Contains(template.InitContainers![0].VolumeMounts, mount => mount.Name == volume.Name);
        Assert.DoesNotContain(template.Container!.VolumeMounts, mount => mount.Name == volume.Name);
    }

    [Fact]
    public void A_public_space_needs_no_Secret()
    {
        var objects = Build(Sample() with { GitAccessToken = "" });
        Assert.Null(Build(Sample() with { GitAccessToken = "" }).Job.Secret);
        Assert.DoesNotContain(objects.Workflow.Spec!.Templates![0].Volumes!, volume => volume.Secret is { } secret && secret.SecretName.EndsWith("-git", StringComparison.Ordinal));
    }

    [Fact]
    public void Configured_arguments_never_say_what_is_built_or_where_it_goes()
    {
        var options = Options with
        {
            ImageBuilds = Options.ImageBuilds with
            {
                KanikoArguments = new[]
                {
                    "--context=/etc", "--destination=evil/image", "--destination", "evil/other", "-d", "evil/third", "-devil/fourth", "-c=/etc", "--context-sub-path=../",
                    "--cache-ttl=24h", "--build-arg", "X=1", "--build-arg=PyPI=https://other.example.com/",
                }.ToEquatableList(),
            },
        };

        var arguments = ImageBuildManifest.Build(Sample(), options, "c", "").Workflow.Spec!.Templates![0].Container!.Args;

        Assert.DoesNotContain(arguments, argument => argument.Contains("evil", StringComparison.Ordinal) || argument.Contains("/etc", StringComparison.Ordinal) || argument.Contains("..", StringComparison.Ordinal));
        Assert.Equal(["--cache-ttl=24h", "--build-arg", "X=1", "--build-arg=PyPI=https://other.example.com/"], arguments.Skip(arguments.Count - 4));
        Assert.Single(arguments, argument => argument.Contains("PyPI", StringComparison.Ordinal));
    }

    [Fact]
    public void With_a_storage_class_there_is_a_cache()
    {
        var objects = ImageBuildManifest.Build(Sample(), Options, "c", "fast");
        Assert.Equal(("imagebuilder-pvc-kaniko-cache", "fast", "50Gi"), (objects.Cache!.Metadata.Name, objects.Cache.Spec.StorageClassName, objects.Cache.Spec.Resources.Requests["storage"].ToString()));
        var template = objects.Workflow.Spec!.Templates![0];
        Assert.Contains("--cache=true", template.Container!.Args);
        Assert.Contains("--cache-dir=/kaniko-cache", template.Container.Args);
        Assert.Contains(template.Container.VolumeMounts, mount => mount.MountPath == "/kaniko-cache");
        Assert.Null(Build(Sample()).Cache);
    }

    [Theory]
    [InlineData("gradio", "6.2.0", "3.10", "cpu", "", "python3.10", null)]
    [InlineData("gradio", "6.2.0", "", "", "", "python3.10", null)]
    [InlineData("gradio", "4.0.0", "3.10", "gpu", "", "python3.10-cuda11.8.0", "1.0.3")]
    [InlineData("streamlit", "1.33.0", "3.10.4", "gpu", "12.1.0", "python3.10-cuda12.1.0", null)]
    [InlineData("streamlit", "1.20.0", "3.10", "gpu", "12.4", "python3.10-cuda12.1.0", "1.0.3")]
    [InlineData("mcp_server", "", "3.11", "gpu", "11.4", "python3.11-cuda11.8.0", null)]
    public void The_base_image_follows_from_the_versions(string sdk, string sdkVersion, string python, string hardware, string driver, string tag, string? version)
    {
        var request = Sample() with { Sdk = sdk, SdkVersion = sdkVersion, PythonVersion = python, Hardware = hardware, DriverVersion = driver };
        var arguments = Build(request).Workflow.Spec!.Templates![0].Container!.Args;
        Assert.Contains($"--build-arg=SPACE_BASE_TAG={tag}", arguments);
        Assert.Equal(version is null ? null : $"--build-arg=SPACE_BASE_VERSION={version}", arguments.FirstOrDefault(argument => argument.Contains("BASE_VERSION", StringComparison.Ordinal)));
    }

    [Fact]
    public void Whatever_is_wrong_is_said_at_once_and_without_the_token()
    {
        var request = new ImageBuildRequest
        {
            OrgName = "../x", SpaceName = "", SpaceUrl = "https://user:tok-planted-4711@hub/x.git", Sdk = "fortran", Hardware = "abacus", GitRef = "--upload-pack=x", DeployId = "x",
            GitAccessToken = "tok-planted-4711\nx", PythonVersion = "two", DriverVersion = "new",
        };

        var refusal = Assert.Throws<RequestRefusedException>(() => Build(request)).Message;

        Assert.DoesNotContain("tok-planted", refusal, StringComparison.Ordinal);
        Assert.All(
            ["org_name", "space_name", "space_url must not hold credentials", "sdk must be one of", "hardware", "git_ref", "deploy_id", "last_commit_id", "task_id", "git_access_token", "python_version", "driver_version"],
            field => Assert.Contains(field, refusal, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_other_runner_wrote_is_read_too()
    {
        var workflow = new ArgoWorkflow
        {
            Metadata = new()
            {
                Name = "sib-acme-sketch-d-4712-9002",
                Uid = "uid-1",
                NamespaceProperty = "spaces",
                Labels = new Dictionary<string, string> { ["workflow-scope"] = "imagebuilder" },
                Annotations = new Dictionary<string, string> { ["work_meta_data"] = RunnerApiHost.Sample("image-build") },
            },
            Status = new() { Phase = "Succeeded" },
        };

        var build = ImageBuildProjection.Project(new(new("c", WorkloadKind.ImageBuild, "spaces", workflow.Metadata.Name), "cluster-1", workflow, [], null, TimeZoneInfo.Utc));

        Assert.Equal((DeployStatus.BuildSuccess, 4712L, 9002L, "acme/sketch-demo-221:0a1b2c3d4e"), (build.Status, build.DeployId, build.TaskId, build.Image));
        Assert.DoesNotContain("tok-11aa", build.ToString(), StringComparison.Ordinal);
    }

    private static ImageBuildRequest Sample() => JsonSerializer.Deserialize(RunnerApiHost.Sample("image-build"), RequestJson.Default.ImageBuildRequest)!;

    private static ImageBuildObjects Build(ImageBuildRequest request) => ImageBuildManifest.Build(request, Options, "cluster-1", "");
}
