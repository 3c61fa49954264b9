using System.Globalization;
using Runner.Bench;
using Runner.Tests.Support;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is [BareServer.Command, var file])
{
    await BareServer.RunAsync(file);
    return 0;
}

if (args is [BarePage.Command, var clusterFile])
{
    await BarePage.RunAsync(clusterFile);
    return 0;
}

if (args is [BareLists.Command, var kubeconfig])
{
    await BareLists.ReadAsync(kubeconfig);
    return 0;
}

// --program FILE measures another build of the program than the one beside this: a published one, say.
if (args is ["--program", var program, .. var others])
{
    ChildProcess.Runner = Path.GetFullPath(program);
    args = others;
}

var benches = new Dictionary<string, Func<Report, CancellationToken, Task>>
{
    ["start"] = StartBench.RunAsync,
    ["status"] = StatusBench.RunAsync,
    ["logs"] = LogBench.RunAsync,
    ["scale"] = ScaleBench.RunAsync,
    ["collector"] = CollectorBench.RunAsync,
    ["browser"] = BrowserBench.RunAsync,
    ["log-flood"] = LogFloodBench.RunAsync,
    ["churn"] = BrowserBench.ChurnAsync,
    ["endurance"] = EnduranceBench.RunAsync,
};
if (args is ["collector", var seconds] && int.TryParse(seconds, out var length) && length > 0)
{
    CollectorBench.Duration = TimeSpan.FromSeconds(length);
    args = args[..1];
}

if (args is ["churn", var minutes])
{
    BrowserBench.Churn = TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture));
    args = ["churn"];
}

if (args is ["endurance", var lasts])
{
    EnduranceBench.Lasts = TimeSpan.FromMinutes(double.Parse(lasts, CultureInfo.InvariantCulture));
    args = ["endurance"];
}

if (args.FirstOrDefault(name => !benches.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no bench '{unknown}'. There are: {string.Join(", ", benches.Keys)}.");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    stop.Cancel();
};
Report.Head();
var failed = false;
foreach (var (name, run) in benches.Where(bench => args.Length == 0 ? bench.Key is not ("churn" or "endurance") : args.Contains(bench.Key)))
{
    var report = new Report(name);
    try
    {
        await run(report, stop.Token);
    }
    catch (BenchException exception)
    {
        report.Say($"not measured: {exception.Message}");
        failed = true;
    }

    await report.SaveAsync();
}

return failed ? 1 : 0;
