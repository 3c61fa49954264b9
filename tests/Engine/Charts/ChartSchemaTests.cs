using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Runner.Engine.Values;
using Runner.Tests.Engine.Values;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>The chart's schema and documentation are the catalogue's, and helm and the editor agree about files.</summary>
public sealed partial class ChartSchemaTests
{
    private const int Files = 50;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What our chart does otherwise than the official one, on purpose, with the reason.</summary>
    private static readonly Dictionary<string, string> OnPurpose = new()
    {
        ["STARHUB_SERVER_RUNNER_HEARTBEAT_INTERVAL_IN_SEC"] = "every spelling of the key is taken",
        ["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_JOB_TTL"] = "follows imageBuilderStatusTTL instead of being 300 whatever is set",
        ["STARHUB_SERVER_S3_BUCKET"] = "the bucket that the documentation names, where none is set",
        ["STARHUB_SERVER_ARGO_S3_PUBLIC_BUCKET"] = "the same",
        ["STARHUB_SERVER_S3_REGION"] = "the region that the documentation names, where none is set",
        ["STARHUB_SERVER_S3_ENABLE_SSL"] = "false, where nothing is set, instead of nothing",
        ["STARHUB_SERVER_GPU_MODEL_LABEL"] = "the same JSON in another order",
        ["STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT"] = "kourier-internal is looked for beside Kourier where namespaces are merged",
    };

    [Fact]
    public async Task Schema_and_documentation_are_made_from_the_catalogue()
    {
        var schema = await File.ReadAllTextAsync(Path.Combine(RunnerChart.Folder, "values.schema.json"), TestContext.Current.CancellationToken);
        var reference = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "values-reference.md"), TestContext.Current.CancellationToken);

        Assert.Equal(ValuesSchema.Make(ValuesCatalogue.Instance).ToJsonString(Indented) + "\n", schema);
        Assert.Equal(ValuesReference.Make(ValuesCatalogue.Instance), reference);
    }

    [Fact]
    public async Task Helm_takes_generated_valid_files_and_renders_what_the_editor_foretells()
    {
        var differences = new List<string>();
        for (var seed = 1; seed <= Files; seed++)
        {
            // Ours stands by itself, and says so where something else is asked for.
            var document = new GeneratedConfiguration(seed).Make(ChartVersion.Newest).Remove(KeyPath.Parse("global.chartContext.isBuiltIn"));
            if (ValuesCheck.Run(document, new(ChartVersion.Newest)).Any(problem => problem.Severity == ProblemSeverity.Error))
            {
                continue;
            }

            using var folder = new TemporaryFolder();
            var file = Path.Combine(folder.Path, "values.yaml");
            await File.WriteAllBytesAsync(file, document.ToBytes(), TestContext.Current.CancellationToken);
            var result = await RunnerChart.RunAsync("-f", file);
            if (result.ExitCode != 0)
            {
                differences.Add($"Seed {seed}: {result.Error}\n{document.Text}");
                continue;
            }

            var objects = YamlObjects.Read(result.Output);
            var name = HelmValues.Read(document)["name"]?.GetValue<string>() ?? "runner";
            var rendered = objects.Object("ConfigMap", $"runner-{name}")["data"]!.AsObject()
                .Concat(objects.Object("Secret", $"runner-{name}")["stringData"]!.AsObject()).ToDictionary(entry => entry.Key, entry => (string?)entry.Value ?? "");
            var predicted = ValuesPrediction.ConfigMap(ChartVersion.Newest, new("runner", "csghub"), HelmValues.Read(document));
            foreach (var (key, value) in predicted.Data.Where(entry => !OnPurpose.ContainsKey(entry.Key) && !predicted.Undetermined.Contains(entry.Key)))
            {
                if ((value ?? "") != rendered.GetValueOrDefault(key, ""))
                {
                    differences.Add($"Seed {seed}, {key}: foretold '{value}', rendered '{rendered.GetValueOrDefault(key)}'");
                }
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>Right for some values and wrong for most: every value gets each of them in turn.</summary>
    private static readonly string[] Candidates =
    [
        "5", "-1", "70000", "1.5", "true", "\"true\"", "\"auto\"", "\"\"", "\"60\"", "\"loud\"", "\"Not_A_Label\"", "\"-bad-\"", "\"https://ok.example.com/x\"", "\"ftp://no\"", "\"a b\"", "\"ok.example.com:5000\"", "\"90m\"",
        "[x]", "[1]", "[]", "[{a: b}]", "{a: b}", "{a: 1}", "{}", "null",
    ];

    [Fact]
    public async Task What_the_editor_calls_an_error_helms_schema_refuses_and_the_other_way_round()
    {
        var definitions = ValuesCatalogue.Instance.Values.Where(value => value.Keys.Any(key => key.IsRead(ChartVersion.Ours))).ToList();
        var (differences, refused) = (new List<string>(), 0);
        var deployed = await DeployedAsync();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "values.yaml");
        foreach (var candidate in Candidates)
        {
            var document = ValuesDocument.Parse("");
            var value = HelmValues.ToYaml(HelmValues.Read(ValuesDocument.Parse($"x: {candidate}\n"))["x"]);
            foreach (var path in definitions.SelectMany(definition => definition.Keys.Where(key => key.IsRead(ChartVersion.Ours))).Select(key => key.Path))
            {
                document = document.Set(path, value);
            }

            await File.WriteAllTextAsync(file, document.Text, TestContext.Current.CancellationToken);
            var told = (await RunnerChart.RunAsync("-f", file)).Error;

            // Helm keeps a map of its own where a file has something else there, and only warns; then the schema never sees what the file has.
            var helm = HelmsRefusal().Matches(told).Select(match => match.Groups[1].Value.Replace('/', '.')).Concat(HelmsWarning().Matches(told).Select(match => match.Groups[1].Value))
                .Select(Known).OfType<string>().ToHashSet();
            var editor = ValuesCheck.Run(document, new(ChartVersion.Ours)).Where(problem => problem.Code is "wrong-type" or "not-allowed" or "out-of-range" or "wrong-form").Select(problem => Known(problem.Path.ToString())).OfType<string>().ToHashSet();
            differences.AddRange(editor.Except(helm).Select(key => $"{key}: {candidate} is an error to the editor alone"));
            differences.AddRange(helm.Except(editor).Select(key => $"{key}: {candidate} is refused by helm alone"));

            // What the page is told of the deployed chart's schema is what helm says by it.
            var chart = ValuesCheck.Run(document, new(ChartVersion.Ours, deployed)).Where(problem => problem.OfChart).Select(problem => Known(problem.Path.ToString())).OfType<string>().ToHashSet();
            differences.AddRange(chart.Except(helm).Select(key => $"{key}: {candidate} is told to be refused by the chart, and helm takes it"));
            refused += helm.Count;
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(refused > 1000, $"{refused} refused");
    }

    [Fact]
    public async Task The_sample_in_either_layout_is_taken_by_the_schema_of_our_chart_as_helm_takes_it()
    {
        var sample = ValuesDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml"), TestContext.Current.CancellationToken));
        foreach (var document in new[] { sample, ValuesMigration.Run(sample, ChartVersion.Newest).After, ValuesMigration.Run(sample, ChartVersion.Ours).After })
        {
            Assert.Equal([], ValuesCheck.Run(document, new(ChartVersion.Ours, await DeployedAsync())).Where(problem => problem.Severity == ProblemSeverity.Error).Select(problem => $"{problem.Path}: {problem.Code}"));
        }
    }

    private static async Task<ChartSchema> DeployedAsync()
    {
        var schema = await File.ReadAllTextAsync(Path.Combine(RunnerChart.Folder, "values.schema.json"), TestContext.Current.CancellationToken);
        var defaults = HelmValues.Read(ValuesDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(RunnerChart.Folder, "values.yaml"), TestContext.Current.CancellationToken)));
        return (await ChartSchema.ReadAsync(schema, defaults, TestContext.Current.CancellationToken))!;
    }

    /// <summary>The key of the catalogue that a path belongs to; null for what is above all keys.</summary>
    private static string? Known(string path) => ValuesCatalogue.Instance.Find(KeyPath.Parse(path)) is { Key: { } key } ? key.Path.ToString() : null;

    [GeneratedRegex("at '/([^']*)'")]
    private static partial Regex HelmsRefusal();

    [GeneratedRegex(@"warning: .*table.* for runner\.([\w.-]+)")]
    private static partial Regex HelmsWarning();
    [Theory]
    [InlineData("runner.interval=often")]
    [InlineData("runner.mergingNamespace=some")]
    [InlineData("runner.namespace=Not_A_Label")]
    [InlineData("externalUrl=hub.example.com")]
    [InlineData("registry.insecure=perhaps")]
    [InlineData("objectStore.secure=17")]
    [InlineData("space.gpuModelLabel.typeLabel=-bad-")]
    [InlineData("knative.serving.ingress=nginx")]
    [InlineData("knative.serving.autoscaler.scaleToZeroPodRetentionPeriod=soon")]
    [InlineData("logging.level=loud")]
    [InlineData("region.a=b")]
    public async Task What_the_editor_calls_an_error_helm_refuses_by_the_schema(string set)
    {
        var (path, text) = (set[..set.IndexOf('=', StringComparison.Ordinal)], set[(set.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        var chart = path.StartsWith("region", StringComparison.Ordinal) ? new ChartVersion(1, 17, 0) : ChartVersion.Newest;
        var document = ValuesDocument.Parse("hubAPIToken: t0ken\n").Set(KeyPath.Parse(path), YamlValue.Of(text));
        Assert.Contains(ValuesCheck.Run(document, new(chart)), problem => problem.Severity == ProblemSeverity.Error);

        var result = await RunnerChart.RunAsync("--set", "hubAPIToken=t", "--set", set);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("schema", result.Error, StringComparison.Ordinal);
    }
}
