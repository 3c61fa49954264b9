using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Tests.Engine.Scheduling;

public sealed class PodSchedulingTests
{
    [Fact]
    public void Volcano_gets_its_queue_its_group_and_how_shares_are_kept_apart()
    {
        var template = new V1PodTemplateSpec();

        From(new() { Scheduler = new() { Volcano = new() { Queue = "team-a", PriorityClassName = "high", MinAvailable = 2, VgpuMode = "hami-core" } } }).ApplyTo(template);

        Assert.Equal(("volcano", "high"), (template.Spec.SchedulerName, template.Spec.PriorityClassName));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["scheduling.volcano.sh/group-min-member"] = "2",
                ["scheduling.volcano.sh/queue-name"] = "team-a",
                ["volcano.sh/queue-name"] = "team-a",
                ["volcano.sh/vgpu-mode"] = "hami-core",
            },
            template.Metadata.Annotations);
    }

    [Theory]
    [InlineData("", null, null)]
    [InlineData("default-scheduler", null, null)]
    [InlineData("volcano", "volcano", "default")]
    [InlineData("yunikorn", "yunikorn", null)]
    public void Without_a_word_of_the_hub_the_configured_scheduler_places_the_pods(string configured, string? scheduler, string? queue)
    {
        var scheduling = From(new(), new() { Services = new() { KubeScheduler = configured } });

        Assert.Equal((scheduler, queue), (scheduling.SchedulerName, scheduling.Annotations.GetValueOrDefault("volcano.sh/queue-name")));
    }

    [Fact]
    public void What_Volcano_would_not_take_is_named()
    {
        var problems = new List<string>();

        PodScheduling.From(new() { Scheduler = new() { Volcano = new() { Queue = "Not A Name", MinAvailable = -1, VgpuMode = "other" } } }, new(), problems);

        Assert.Equal(3, problems.Count);
        Assert.Contains(problems, problem => problem.StartsWith("scheduler.volcano.queue must be a Kubernetes name", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a b!", "x", "hardware: label 'a b!' must be")]
    [InlineData("zone", "x y", "hardware: label 'zone' must have a value")]
    public void Labels_that_no_node_can_have_are_named(string key, string value, string problem) => Assert.StartsWith(
        problem, Assert.Single(Problems(new() { Hardware = new() { Cpu = new() { Labels = new() { [key] = value } } } })), StringComparison.Ordinal);

    [Theory]
    [InlineData("gpu", "Maybe", "x", "", "operator must be Equal or Exists")]
    [InlineData("", "", "x", "", "operator must be Exists where there is no key")]
    [InlineData("gpu", "Exists", "x", "", "value must be empty")]
    [InlineData("g pu", "Exists", "", "", "key 'g pu' must be")]
    [InlineData("gpu", "Equal", "x y", "", "key 'gpu' must have a value")]
    [InlineData("gpu", "Equal", "x", "Sometimes", "effect must be")]
    public void Tolerations_that_no_pod_may_have_are_named(string key, string operation, string value, string effect, string problem) => Assert.StartsWith(
        $"tolerations: {problem}",
        Assert.Single(Problems(new() { Tolerations = [new() { Key = key, Operator = operation, Value = value, Effect = effect }] })),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("zone", "Maybe", "must be In, NotIn, Exists, DoesNotExist, Gt or Lt, but is 'Maybe'", "x")]
    [InlineData("zone", "In", "needs values")]
    [InlineData("zone", "Exists", "must have no values", "x")]
    [InlineData("zone", "Gt", "needs one whole number", "x")]
    [InlineData("zone", "Lt", "needs one whole number", "1", "2")]
    public void Affinities_that_no_pod_may_have_are_named(string key, string operation, string problem, params string[] values) => Assert.Equal(
        $"node_affinity: operator of '{key}' {problem}",
        Assert.Single(Problems(new() { NodeAffinity = Requires(key, operation, values) })));

    [Fact]
    public void What_a_pod_may_have_is_no_problem()
    {
        Assert.Empty(Problems(new()
        {
            Hardware = new() { Cpu = new() { Labels = new() { ["topology.kubernetes.io/zone"] = "a" } } },
            Tolerations = [new() { Operator = "Exists" }, new() { Key = "nvidia.com/gpu", Operator = "Exists", Effect = "NoSchedule" }, new() { Key = "team", Value = "a" }],
            NodeAffinity = Requires("example.com/cores", "Gt", "8"),
        }));
        Assert.Empty(Problems(new() { NodeAffinity = Requires("zone", "DoesNotExist") }));
    }

    private static List<string> Problems(SchedulingFacts facts)
    {
        var problems = new List<string>();
        PodScheduling.From(facts, new(), problems);
        return problems;
    }

    private static V1NodeAffinity Requires(string key, string operation, params string[] values) => new()
    {
        RequiredDuringSchedulingIgnoredDuringExecution = new() { NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = key, OperatorProperty = operation, Values = values }] }] },
    };

    [Fact]
    public void A_share_asks_for_its_memory_in_the_units_of_the_device_plugin_rounded_up()
    {
        var share = new HardwareRequest { Gpu = new() { Num = "2", ResourceName = "nvidia.com/vgpu", MemSize = "4096" } };

        var scheduling = From(new() { Hardware = share, Nodes = [new() { Name = "shared-1", EnableVxpu = true, HasXpu = true }, new() { Name = "whole-1", HasXpu = true }] });

        Assert.Equal(("2", "410"), (Quantity(scheduling, "nvidia.com/vgpu"), Quantity(scheduling, "nvidia.com/vgpumem")));
        var expression = Assert.Single(Assert.Single(scheduling.Affinity!.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms).MatchExpressions);
        Assert.Equal(("kubernetes.io/hostname", "In", "shared-1"), (expression.Key, expression.OperatorProperty, Assert.Single(expression.Values)));
    }

    [Fact]
    public void The_memory_of_a_share_is_never_less_than_asked_and_less_than_one_unit_more() =>
        Prop.ForAll(Gen.Choose(1, 200_000).ToArbitrary(), Gen.Choose(1, 4096).ToArbitrary(), (megabytes, factor) =>
        {
            var share = new HardwareRequest { Gpu = new() { Num = "1", ResourceName = "volcano.sh/vgpu-number", ResourceMemName = "volcano.sh/vgpu-memory", MemSize = megabytes.ToString(CultureInfo.InvariantCulture) } };
            var units = long.Parse(Quantity(From(new() { Hardware = share }, new() { Accelerators = new() { VgpuMemoryScalingFactor = factor } }), "volcano.sh/vgpu-memory"), CultureInfo.InvariantCulture);
            return units * factor >= megabytes && ((units - 1) * factor) < megabytes;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_quantity_that_is_taken_is_read_by_Kubernetes_as_the_same_amount()
    {
        var suffixes = new (string Text, decimal Factor)[]
        {
            ("", 1), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("Ki", 1024), ("Mi", 1024 * 1024), ("Gi", 1024 * 1024 * 1024), ("e3", 1e3m),
        };
        Prop.ForAll(Gen.Choose(0, 999_999).ToArbitrary(), Gen.Elements(suffixes).ToArbitrary(), (amount, suffix) =>
        {
            var problems = new List<string>();
            var scheduling = PodScheduling.From(new() { Hardware = new() { Memory = $"{amount}{suffix.Text}" } }, new(), problems);
            return problems.Count == 0 && scheduling.Requirements().Limits["memory"].ToDecimal() == amount * suffix.Factor;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("07e58")]
    [InlineData("999999999999999999E")]
    [InlineData("9223372036854775808")]
    public void A_quantity_that_no_API_server_keeps_is_refused(string text)
    {
        var problems = new List<string>();
        PodScheduling.From(new() { Hardware = new() { Memory = text } }, new(), problems);
        Assert.Contains($"hardware.memory must be a Kubernetes quantity such as 8, 500m or 16Gi, but is '{text}'", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_text_stands_for_a_quantity_is_either_taken_by_Kubernetes_or_refused_with_the_field() =>
        Prop.ForAll(Gen.Elements("0123456789.eE+-kMGTPimKn µ".ToCharArray()).ArrayOf().Select(letters => new string(letters)).ToArbitrary(), text =>
        {
            var problems = new List<string>();
            var scheduling = PodScheduling.From(new() { Hardware = new() { Memory = text } }, new(), problems);
            return text.Length == 0 || (problems.Count == 1
                ? problems[0].StartsWith("hardware.memory must be a Kubernetes quantity", StringComparison.Ordinal)
                : scheduling.Requirements().Limits["memory"].ToDecimal() >= 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_becomes_a_name_and_a_label_value_that_Kubernetes_takes() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            text ??= "";
            var label = Naming.SafeLabelValue(text);
            return Naming.IsSubdomain(Naming.SafeSubdomain(text))
                && Naming.SafeSubdomain(Naming.SafeSubdomain(text)) == Naming.SafeSubdomain(text)
                && label.Length <= 63 && (label.Length == 0 || Naming.IsQualifiedName(label));
        }).QuickCheckThrowOnFailure();

    private static PodScheduling From(SchedulingFacts facts, RunnerOptions? options = null)
    {
        var problems = new List<string>();
        var scheduling = PodScheduling.From(facts, options ?? new(), problems);
        Assert.Empty(problems);
        return scheduling;
    }

    private static string Quantity(PodScheduling scheduling, string resource) => scheduling.Requirements().Limits[resource].ToString();
}
