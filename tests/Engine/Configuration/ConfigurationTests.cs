using FsCheck;
using FsCheck.Fluent;
using Runner.Engine.Configuration;

namespace Runner.Tests.Engine.Configuration;

public sealed class ConfigurationTests
{
    private const string PublicToken =
        "f3a7b9c1d6e5f8e2a1b5d4f9e6a2b8d7c3a4e2b1d9f6e7a8d2c5a7b4c1e3f5b8a1d4f9b7d6e2f8a5d3b1e7f9c6a8b2d1e4f7d5b6e9f2a4b3c8e1d7f995hd82hf";

    [Fact]
    public void Without_any_variable_the_defaults_hold()
    {
        var options = Loaded();

        Assert.Equal(("data", 8082, "spaces", "csghub", "region-0"), (options.DataDirectory, options.Port, options.WorkloadNamespace, options.RunnerNamespace, options.Region));
        Assert.Equal((120, 10, 3), (options.Services.ReadinessDelaySeconds, options.Services.ReadinessPeriodSeconds, options.Services.ReadinessFailureThreshold));
        Assert.Equal(TimeSpan.FromSeconds(120), options.Hub.HeartbeatInterval);
        Assert.Equal("Asia/Shanghai", options.TimeZone.Id);
        Assert.Equal("", options.ApiToken);
        Assert.Null(options.Hub.WebhookEndpoint);
    }

    [Fact]
    public void Variables_of_the_chart_are_read()
    {
        var options = Loaded(
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", "https://hub.example.com"),
            ("STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE", "models"),
            ("STARHUB_SERVER_CLUSTER_ALLOW_CPU_RESOURCE_SCHEDULE_TO_GPU_NODE", "True"),
            ("STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS", "--cache=true, --compressed-caching=false,,"),
            ("STARHUB_SERVER_PROXY_HOSTS", "a.example.com; b.example.com"),
            ("OPENCSG_TRACING_OTLP_ENDPOINT", "collector:4317"),
            ("STARHUB_SERVER_READINESS_DELAY_SECONDS", " 30 "),
            ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", ""));

        Assert.Equal(new Uri("https://hub.example.com"), options.Hub.WebhookEndpoint);
        Assert.Equal("models", options.WorkloadNamespace);
        Assert.True(options.AllowCpuOnGpuNodes);
        Assert.Equal(["--cache=true", "--compressed-caching=false"], options.ImageBuilds.KanikoArguments);
        Assert.Equal(["a.example.com", "b.example.com"], options.Proxy.Hosts);
        Assert.Equal(new Uri("http://collector:4317"), options.Tracing.Endpoint);
        Assert.Equal(30, options.Services.ReadinessDelaySeconds);
        Assert.Equal(8082, options.Port);
    }

    [Theory]
    [InlineData("  ", "models")]
    [InlineData("", "models")]
    [InlineData("shared", "shared")]
    public void Workflows_in_shared_mode_run_where_the_others_do_unless_another_namespace_is_named(string quota, string expected)
    {
        var options = Loaded(("STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE", "models"), ("STARHUB_SERVER_CLUSTER_RESOURCE_QUOTA_NAMESPACE", quota));
        Assert.Equal(("models", expected), (options.WorkloadNamespace, options.QuotaNamespace));
    }

    [Fact]
    public void The_charts_spelling_of_the_accelerator_labels_wins_over_the_one_the_Go_program_reads()
    {
        const string Chart = """[{"type_label":"a/type","capacity_label":"a/count","mem_label":"a/mem"}]""";
        const string Go = """[{"type_label":"b/type","capacity_label":"b/count"}]""";

        Assert.Equal([new("a/type", "a/count", "a/mem")], Loaded(("STARHUB_SERVER_GPU_MODEL_LABEL", Chart), ("STARHUB_SERVER_RUNNER_GPU_MODEL_LABEL", Go)).Accelerators.ModelLabels);
        Assert.Equal([new("b/type", "b/count", "")], Loaded(("STARHUB_SERVER_RUNNER_GPU_MODEL_LABEL", Go)).Accelerators.ModelLabels);
    }

    [Fact]
    public void Every_invalid_variable_is_told_at_once_with_name_value_and_what_is_allowed()
    {
        var errors = Errors(
            ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", "eighty"),
            ("STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC", "0"),
            ("STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE", "My Spaces"),
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", "hub.example.com"),
            ("STARHUB_SERVER_TIMEZONE", "Mars/Olympus"),
            ("STARHUB_SERVER_S3_ENABLE_SSL", "maybe"),
            ("STARHUB_SERVER_GPU_MODEL_LABEL", "nvidia"),
            ("RUNNER_CLUSTER", "moon"));

        Assert.Equal(8, errors.Count);
        Assert.Contains("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT=eighty: must be a whole number from 0 to 65535", errors);
        Assert.Contains("RUNNER_CLUSTER=moon: must be incluster, kubeconfig, embedded", errors);
        Assert.Contains("STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE=My Spaces: must be a DNS label: at most 63 of a-z, 0-9 and -", errors);
    }

    [Fact]
    public void The_public_default_token_of_the_Go_program_is_refused_without_repeating_it()
    {
        var error = Assert.Single(Errors(("STARHUB_SERVER_API_TOKEN", PublicToken)));

        Assert.StartsWith("STARHUB_SERVER_API_TOKEN=***: is the default", error, StringComparison.Ordinal);
    }

    [Fact]
    public void No_error_shows_a_secret()
    {
        const string Secret = "s3cr3t-Pa55";
        var errors = Errors(
            ("STARHUB_SERVER_API_TOKEN", "a b " + Secret),
            ("RUNNER_ADMIN_PASSWORD", Secret[..7]),
            ("STARHUB_SERVER_PROXY_URL", "socks://user:" + Secret + "@proxy"),
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", "ftp://user:" + Secret + "@hub"));

        Assert.Equal(4, errors.Count);
        Assert.All(errors, error => Assert.DoesNotContain(Secret[..7], error, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, Loaded(("STARHUB_SERVER_API_TOKEN", Secret), ("STARHUB_SERVER_S3_ACCESS_KEY_SECRET", Secret)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_nobody_set_is_made_once_and_kept_for_its_owner_only()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var (token, made) = ApiTokenFile.ReadOrMake(folder.FullName);

            Assert.True(made);
            Assert.Equal(64, token.Length);
            Assert.Equal((token, false), ApiTokenFile.ReadOrMake(folder.FullName));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.FullName, ApiTokenFile.FileName)));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("7B1F0f5e_user@Example", "7b1f0f5e-user-example")]
    [InlineData("..a-.-b..", "a.b")]
    [InlineData("###", "default")]
    [InlineData("", "default")]
    public void Any_text_becomes_a_safe_object_name(string text, string name) => Assert.Equal(name, Naming.SafeSubdomain(text));

    [Fact]
    public void Safe_names_are_always_valid() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(),
        text => Naming.IsSubdomain(Naming.SafeSubdomain(text ?? "")) && Naming.SafeLabelValue(text ?? "").Length <= 63).QuickCheckThrowOnFailure();

    private static RunnerOptions Loaded(params (string Name, string Value)[] variables)
    {
        var result = RunnerOptions.Load(variables.ToDictionary(entry => entry.Name, entry => (string?)entry.Value));
        Assert.Empty(result.Errors);
        return Assert.IsType<RunnerOptions>(result.Options);
    }

    private static IReadOnlyList<string> Errors(params (string Name, string Value)[] variables)
    {
        var result = RunnerOptions.Load(variables.ToDictionary(entry => entry.Name, entry => (string?)entry.Value));
        Assert.Null(result.Options);
        return result.Errors;
    }
}
