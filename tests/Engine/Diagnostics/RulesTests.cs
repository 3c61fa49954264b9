using System.Collections.Immutable;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Diagnostics.Checks;
using Runner.Engine.Hub;

namespace Runner.Tests.Engine.Diagnostics;

/// <summary>What the checks make of evidence.</summary>
public sealed class RulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Uri Hub = new("https://hub.example.com");

    [Theory]
    [InlineData(true, CheckCause.TokenRefused)]
    [InlineData(false, CheckCause.EventsNotTaken)]
    public void What_the_hub_answered_tells_whether_it_takes_the_token(bool refused, CheckCause cause)
    {
        var problem = LocalText.Verbatim("whatever it says");
        Assert.Equal((CheckState.Bad, cause), Of(RunnerRules.Token(Hub, new(3, 0, problem, null) { TokenRefused = refused }, [])));
        Assert.Equal((CheckState.Bad, cause), Of(RunnerRules.Token(Hub, new(0, 0, LocalText.None, null), [new("a", null, problem) { TokenRefused = refused }])));
    }

    [Fact]
    public void A_token_is_proven_by_something_that_was_taken_and_by_nothing_else()
    {
        Assert.Equal((CheckState.Warning, CheckCause.TokenUnproven), Of(RunnerRules.Token(Hub, new(0, 0, LocalText.None, null), [new("a", null, LocalText.None)])));
        Assert.Equal(CheckState.Good, RunnerRules.Token(Hub, new(0, 0, LocalText.None, null), [new("a", Now, LocalText.None)]).State);
    }

    [Theory]
    [InlineData(29, CheckState.Good)]
    [InlineData(-31, CheckState.Bad)]
    public void Clocks_may_differ_by_half_a_minute(int seconds, CheckState state) =>
        Assert.Equal(state, RunnerRules.Clock([new("a", TimeSpan.Zero), new("b", TimeSpan.FromSeconds(seconds))]).State);

    [Theory]
    [InlineData(-1, CheckState.Bad, CheckCause.CertificateEnded)]
    [InlineData(20, CheckState.Warning, CheckCause.CertificateEnds)]
    [InlineData(22, CheckState.Good, CheckCause.None)]
    public void A_certificate_is_told_of_three_weeks_before_its_end(int days, CheckState state, CheckCause cause) =>
        Assert.Equal((state, cause), Of(RunnerRules.Certificates([new("far", Now.AddDays(300), ""), new("near", Now.AddDays(days), "")], Now)));

    [Theory]
    [InlineData(100, CheckState.Bad)]
    [InlineData(500, CheckState.Warning)]
    [InlineData(5000, CheckState.Good)]
    public void Little_space_is_told_of_before_there_is_none(long megabytes, CheckState state) => Assert.Equal(state, RunnerRules.Disk(megabytes << 20, 1L << 40).State);

    [Fact]
    public void A_device_without_a_label_and_a_label_without_a_device_are_told_apart()
    {
        var snapshot = new CapacitySnapshot("c", CapacitySource.ClusterWide, [Node("good", "NVIDIA-A100", 8), Node("bare", "", 4), Node("dead", "NVIDIA-L40S", 0), Node("cpu", "", 0)], LocalText.None);

        var (labels, drivers) = (ClusterRules.Labels(snapshot), ClusterRules.Drivers(snapshot));

        Assert.Equal((CheckCause.Unlabelled, "bare"), (labels.Cause, labels.Arguments[0]));
        Assert.Equal((CheckCause.NoDevices, "dead"), (drivers.Cause, drivers.Arguments[0]));
    }

    [Theory]
    [InlineData(false, "", true, CheckCause.SecretMissing)]
    [InlineData(true, "Opaque", true, CheckCause.SecretType)]
    [InlineData(true, "kubernetes.io/dockerconfigjson", false, CheckCause.SecretWithoutRegistry)]
    [InlineData(true, "kubernetes.io/dockerconfigjson", true, CheckCause.None)]
    public void A_pull_secret_must_be_there_of_the_right_type_and_for_the_registry(bool exists, string type, bool holds, CheckCause cause) =>
        Assert.Equal(cause, ClusterRules.PullSecret("spaces/pull", exists, type, "registry.example.com", holds).Cause);

    [Theory]
    [InlineData("fast", CheckCause.None)]
    [InlineData("gone", CheckCause.ClassMissing)]
    [InlineData("", CheckCause.NoDefaultClass)]
    public void A_storage_class_must_exist_or_one_be_the_default(string configured, CheckCause cause) => Assert.Equal(cause, ClusterRules.StorageClass(configured, [("fast", false)]).Cause);

    [Fact]
    public void A_kind_that_is_missing_and_one_that_is_forbidden_are_told_apart()
    {
        CacheStatus Cache(bool unknown) => new("x", CacheHealth.Unavailable, LocalText.Verbatim("whatever it says"), null, 0) { IsUnknownKind = unknown };

        Assert.Equal((CheckState.Bad, CheckCause.KindMissing), Of(ClusterRules.Kind("x", Cache(unknown: true), required: true)));
        Assert.Equal((CheckState.Warning, CheckCause.KindMissing), Of(ClusterRules.Kind("x", Cache(unknown: true), required: false)));
        Assert.Equal((CheckState.Bad, CheckCause.KindForbidden), Of(ClusterRules.Kind("x", Cache(unknown: false), required: false)));
    }

    [Theory]
    [InlineData("v1.32.4", CheckState.Warning)]
    [InlineData("v1.36.1", CheckState.Good)]
    public void A_cluster_older_than_the_chart_is_made_for_is_told_of(string version, CheckState state) =>
        Assert.Equal(state, ClusterRules.Connection(new(ClusterHealth.Connected, Now, LocalText.None, version, "id")).State);

    private static (CheckState, CheckCause) Of(Verdict verdict) => (verdict.State, verdict.Cause);

    private static NodeCapacity Node(string name, string model, int gpus) => new()
    {
        Name = name,
        Status = "Ready",
        Ready = true,
        Labels = ImmutableSortedDictionary<string, string>.Empty,
        Accelerator = model.Length == 0 ? null : new("NVIDIA", model, "nvidia.com/gpu", "nvidia.com/gpu.product", model, ""),
        Resources = ImmutableSortedDictionary<string, ResourceFigures>.Empty.Add("cpu", new(64, 64, 0)).Add("nvidia.com/gpu", new(gpus, gpus, 0)),
        Pods = [],
        UpdatedAt = Now,
    };
}
