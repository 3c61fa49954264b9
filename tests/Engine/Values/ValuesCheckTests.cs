using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>What is said of values files that are wrong, where, and what is not.</summary>
public sealed class ValuesCheckTests
{
    private const string Whole = "hubAPIToken: t0k\nexternalUrl: https://hub.example.com\nregistry: {registry: r.example.com, repository: csghub}\n";

    [Theory]
    [InlineData("2.4.1", "regoin: x\n", "unknown-key", 4, 1, "Did you mean")]
    [InlineData("2.4.1", "region: x\n", "renamed-key", 4, 1, "runner.region")]
    [InlineData("1.16", "runner:\n  region: x\n", "renamed-key", 5, 3, "'region'")]
    [InlineData("2.4.1", "runner:\n  heartbeatIntervalInSec: 30\n", "renamed-key", 5, 3, "runner.hearbeatIntervalInSec")]
    [InlineData("2.4.0", "runner:\n  heartbeatIntervalInSec: 30\n", "renamed-key", 5, 3, "runner.hearBeatIntervalInSec")]
    [InlineData("2.4.1", "runner:\n  hearBeatIntervalInSec: 30\n", "renamed-key", 5, 3, "runner.hearbeatIntervalInSec")]
    [InlineData("2.4.0", "runner:\n  hearbeatIntervalInSec: 30\n", "renamed-key", 5, 3, "runner.hearBeatIntervalInSec")]
    [InlineData("2.2.1", "runner:\n  hearBeatIntervalInSec: 30\n", "no-effect", 5, 3, "since 2.2.2")]
    [InlineData("2.2.1", "runner:\n  region: x\n", "renamed-key", 5, 3, "'region'")]
    [InlineData("2.2.2", "region: x\n", "renamed-key", 4, 1, "runner.region")]
    [InlineData("2.4.1", "heartbeatIntervalInSec: 30\n", "misspelt-key", 4, 1, "runner.hearbeatIntervalInSec")]
    [InlineData("3.0", "region: a\nrunner: {region: b}\n", "two-names", 4, 1, "Keep 'runner.region'")]
    [InlineData("2.4.1", "console: {adminPassword: x}\n", "no-effect", 4, 11, "upgrade the chart")]
    [InlineData("3.0", "gateway: {enabled: often}\n", "wrong-type", 4, 11, "true or false")]
    [InlineData("2.4.1", "kymlMode: create\n", "no-effect", 4, 1, "Remove")]
    [InlineData("1.16", "volcano: {enabled: true}\n", "no-effect", 4, 11, "upgrade the chart")]
    [InlineData("2.4.1", "runner: {interval: \"60\"}\n", "wrong-type", 4, 10, "without quotes")]
    [InlineData("2.4.1", "runner: 5\n", "wrong-type", 4, 1, "indented")]
    [InlineData("2.4.1", "service: {port: 0}\n", "out-of-range", 4, 11, "65535")]
    [InlineData("2.4.1", "logging: {level: loud}\n", "not-allowed", 4, 11, "warning")]
    [InlineData("2.4.1", "global: {image: {registry: https://docker.io}}\n", "wrong-form", 4, 18, "without http://")]
    [InlineData("2.4.1", "annotations: {x: y}\n", "wrong-type", 4, 1, "quotes")]
    [InlineData("2.4.1", "logcollector:\n  enabled: true\n", "loki-missing", 4, 1, "loki.address")]
    [InlineData("2.4.1", "global: {gateway: {tls: {enabled: true}}}\n", "tls-secret-missing", 4, 26, "secretName")]
    [InlineData("2.4.1", "objectStore: {endpoint: \"http://s3:9000\", secure: true}\n", "secure-mismatch", 4, 43, "false for http")]
    [InlineData("1.16", "objectStore: {pathStyle: true}\n", "wrong-type", 4, 15, "with quotes")]
    [InlineData("2.4.1", "objectStore: {secretKey: \"***masked***\"}\n", "masked-value", 4, 15, "administrator")]
    [InlineData("2.4.1", "tempo: {address: a:1}\ntempo: {address: b:1}\n", "duplicate-key", 5, 1, "Keep one")]
    public void A_problem_is_found_with_its_place_and_remedy(string chart, string text, string code, int line, int column, string remedy)
    {
        var problem = Assert.Single(Check(chart, Whole + text));
        Assert.Equal((code, line, column), (problem.Code, problem.Line, problem.Column));
        Assert.Contains(remedy, problem.Remedy.English, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Message.Chinese);
        Assert.NotEmpty(problem.Remedy.Chinese);
    }

    [Fact]
    public void A_text_that_says_false_counts_as_true_before_2_4()
    {
        var problem = Assert.Single(Check("1.16", "hubAPIToken: t\nregistry: {registry: r, repository: c, insecure: \"false\"}\n"));
        Assert.Equal(("false-is-true", ProblemSeverity.Warning, 2, 40), (problem.Code, problem.Severity, problem.Line, problem.Column));
        Assert.Equal("wrong-type", Assert.Single(Check("2.4", "hubAPIToken: t\nregistry: {insecure: \"false\"}\n")).Code);
    }

    [Fact]
    public void Our_own_chart_takes_what_the_official_ones_took_under_all_its_names()
    {
        var layouts = HelmValues.Read(ValuesDocument.Parse("all:\n" + File.ReadAllText(Path.Combine(Repository.Root, "charts", "runner", "files", "layouts.yaml"))))["all"]!.AsArray();
        var names = layouts.SelectMany(layout => layout!["paths"]!.AsArray()).Select(path => path!.GetValue<string>()).ToHashSet();
        var read = ValuesCatalogue.Instance.Values.Where(value => value.Keys.Count(key => key.IsRead(ChartVersion.Ours)) > 1).SelectMany(value => value.Keys).Where(key => key.IsRead(ChartVersion.Ours)).Select(key => key.Path.ToString());
        Assert.Equal(names.Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));

        var own = File.ReadAllText(Path.Combine(Repository.Root, "charts", "runner", "values.yaml"));
        Assert.Equal(["token-missing", "no-effect"], ValuesCheck.Run(ValuesDocument.Parse(own), new(ChartVersion.Ours)).Select(problem => problem.Code));
        var sample = File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml"));
        Assert.Equal(["no-effect"], ValuesCheck.Run(sample, new(ChartVersion.Ours)).Select(problem => problem.Code).Distinct());
    }

    [Fact]
    public void A_runner_on_its_own_needs_a_token_and_one_with_the_hub_does_not()
    {
        Assert.Equal("token-missing", Assert.Single(Check("2.4", "name: runner\n")).Code);
        Assert.Empty(Check("2.4", "global: {chartContext: {isBuiltIn: true}}\n"));
    }

    [Fact]
    public void Labels_that_no_node_carries_are_pointed_at()
    {
        var document = ValuesDocument.Parse(Whole + "space: {gpuModelLabel: {typeLabel: amd.com/gpu.product-name}}\nnodeSelector: {pool: gpu}\n");
        var problems = ValuesCheck.Run(document, new(ChartVersion.Newest, NodeLabels: new HashSet<string> { "nvidia.com/gpu.product" }));
        Assert.Equal(["space.gpuModelLabel.typeLabel", "nodeSelector.pool"], problems.Select(problem => problem.Path.ToString()));
        Assert.All(problems, problem => Assert.Equal(("label-on-no-node", ProblemSeverity.Warning), (problem.Code, problem.Severity)));
        Assert.Empty(ValuesCheck.Run(document, new(ChartVersion.Newest)));
    }

    [Fact]
    public async Task The_deployed_charts_schema_has_the_last_word()
    {
        var schema = await ChartSchema.ReadAsync("""
            {"$schema":"http://json-schema.org/schema#","type":"object","properties":{"runner":{"oneOf":[{"type":"null"},{"type":"object","properties":{"region":{"type":"string","pattern":"^cn-"}}}]},
            "tempo":{"type":"object","required":["address"],"properties":{"address":{"type":"string"}}}}}
            """, new() { ["tempo"] = new System.Text.Json.Nodes.JsonObject { ["address"] = "" } }, TestContext.Current.CancellationToken);
        var problem = Assert.Single(ValuesCheck.Run(ValuesDocument.Parse(Whole + "runner:\n  region: eu\n"), new(ChartVersion.Newest, schema)));
        Assert.Equal(("schema", 5, true), (problem.Code, problem.Line, problem.OfChart));
        problem = Assert.Single(ValuesCheck.Run(ValuesDocument.Parse(Whole + "runner:\n  region: 5\n"), new(ChartVersion.Newest, schema)));
        Assert.Equal(("wrong-type", true), (problem.Code, problem.OfChart));
        Assert.Null(await ChartSchema.ReadAsync("""{"properties":{"a":{"$ref":"/etc/hostname"}}}""", null, TestContext.Current.CancellationToken));
        Assert.Null(await ChartSchema.ReadAsync("""{"properties":{"a":{"$ref":"http://127.0.0.1:1/x.json"}}}""", null, TestContext.Current.CancellationToken));
        Assert.Null(await ChartSchema.ReadAsync("{not json", null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_sample_is_right_for_the_charts_it_was_written_for_but_for_what_they_would_misread()
    {
        var sample = File.ReadAllBytes(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml"));
        Assert.Equal(["false-is-true"], ValuesCheck.Run(sample, new(ChartVersion.Parse("2.0"))).Select(problem => problem.Code).Except(["no-effect"]));
        Assert.Contains(ValuesCheck.Run(sample, new(ChartVersion.Newest)), problem => problem.Path.ToString() == "namespace" && problem.Message.English.Contains("in 2.2.2;", StringComparison.Ordinal));
        Assert.Contains(ValuesCheck.Run(sample, new(ChartVersion.Newest)), problem => problem.Code == "renamed-key" && problem.Path.ToString() == "region" && problem.Line == 16);
    }

    [Theory]
    [InlineData("3.0", "")]
    [InlineData("2.4.1", "token-missing")]
    public void The_token_may_come_from_a_Secret_where_the_chart_takes_one(string chart, string missing) =>
        Assert.Equal(missing, string.Join(' ', Check(chart, "externalUrl: https://hub.example.com\nconsole: {existingSecret: mine}\n").Select(problem => problem.Code).Where(code => code == "token-missing")));

    [Fact]
    public void Secrets_are_masked_wherever_they_stand_and_never_quoted()
    {
        const string text = "hubAPIToken: \"f3c9a0d1b2e4\"  # was f3c9a0d1b2e4 in May\nregistry: {password: &p p4ssw0rd!!}\nobjectStore:\n  secretKey: |\n    s3cr3tt\nenvironments: {DB_PASSWORD: hunter22, OTHER: x}\nglobal: {gateway: {tls: {secretName: my-tls}}}\n";
        var document = ValuesDocument.Parse(text);
        var masked = ValuesMask.Mask(document);
        Assert.DoesNotContain(["f3c9a0d1b2e4", "p4ssw0rd", "s3cr3tt", "hunter22"], secret => masked.Contains(secret, StringComparison.Ordinal));
        Assert.Contains("my-tls", masked, StringComparison.Ordinal);
        Assert.Contains("&p ", masked, StringComparison.Ordinal);
        var problems = ValuesCheck.Run(ValuesDocument.Parse(masked), new(ChartVersion.Newest));
        Assert.Equal(4, problems.Count(problem => problem.Code == "masked-value"));
        Assert.All(ValuesCheck.Run(document, new(ChartVersion.Newest)), problem => Assert.DoesNotContain("p4ssw0rd", problem.Message.English + problem.Remedy.English, StringComparison.Ordinal));
    }

    private static IReadOnlyList<ValuesProblem> Check(string chart, string text) => ValuesCheck.Run(ValuesDocument.Parse(text), new(ChartVersion.Parse(chart)));
}
