using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Playwright;
using Cookie = System.Net.Cookie;

namespace Runner.Bench;

/// <summary>
/// The program under a steady load for a long time: changes in the cluster and the events that come of them, calls of the hub, live sessions and log streams that come and
/// go, and a browser that walks from page to page. What is told is how memory, threads and handles go, not how fast anything is.
/// </summary>
internal static class EnduranceBench
{
    /// <summary>So few that the states kept of each are as many as they may be before the first quarter is over: what grows until then is not counted.</summary>
    private const int Services = 100;

    private const int Pods = 200;
    private const int ChangesASecond = 20;
    private const int CallsASecond = 10;
    private const int LinesASecond = 50;
    private const int LiveSessions = 10;
    private const int LogStreams = 10;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Sample = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Stay = TimeSpan.FromSeconds(45);
    private static readonly string[] Pages = ["", "workloads", "capacity", "logs?labels=serving.knative.dev/service", "configuration", "connections", "dependencies", "hub", "diagnostics", "access"];

    /// <summary>How long it lasts.</summary>
    public static TimeSpan Lasts { get; set; } = TimeSpan.FromMinutes(60);

    public static async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var counts = new Counts();
        await using var hub = await TakingHub.StartAsync(cancellationToken);
        await using var world = await World.StartAsync(Services, cancellationToken, Pods);
        var uid = await LogBench.CreatePodAsync(world, cancellationToken);
        hub.ServeTo(world);
        await world.StartRunnerAsync(cancellationToken);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = BrowserBench.Chromium(), Args = ["--no-sandbox"] });
        var page = await browser.NewPageAsync();
        await BrowserBench.SignInAsync(page, world);
        var cookies = (await page.Context.CookiesAsync()).Select(cookie => new Cookie(cookie.Name, cookie.Value, "/", world.Address.Host)).ToList();

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(Lasts);
        List<Task> load =
        [
            EverAsync(counts, token => ChangeAsync(world, uid, counts, token), end.Token),
            EverAsync(counts, token => CallAsync(world, counts, token), end.Token),
            EverAsync(counts, token => BrowseAsync(page, world, counts, token), end.Token),
            .. Enumerable.Range(0, LiveSessions).Select(number => EverAsync(counts, token => LiveAsync(world, cookies, number, counts, token), end.Token)),
            .. Enumerable.Range(0, LogStreams).Select(number => EverAsync(counts, token => FollowAsync(world, number, counts, token), end.Token)),
        ];
        var samples = await WatchAsync(world, hub, counts, end.Token);
        await Task.WhenAll(load);
        Tell(report, samples, hub, counts);
    }

    private static async Task<List<State>> WatchAsync(World world, TakingHub hub, Counts counts, CancellationToken cancellationToken)
    {
        var samples = new List<State>();
        var begin = TimeProvider.System.GetTimestamp();
        Console.WriteLine($"{"minute",8}{"resident MB",14}{"threads",10}{"handles",10}{"data KiB",10}{"changes",10}{"events",10}{"calls",10}{"lines",10}{"steps",10}{"pages",8}{"faults",8}");
        while (!cancellationToken.IsCancellationRequested)
        {
            samples.Add(State.Of(world));
            if (samples.Count % 4 == 1)
            {
                var now = samples[^1];
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{TimeProvider.System.GetElapsedTime(begin).TotalMinutes,8:0.0}{now.Megabytes,14:0.0}{now.Threads,10}{now.Handles,10}{now.DataKilobytes,10:0}{counts.Changes,10}{hub.Events,10}{counts.Calls,10}{counts.Lines,10}{counts.Steps,10}{counts.Pages,8}{counts.Faults,8}"));
            }

            await Task.Delay(Sample, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return samples;
    }

    private static void Tell(Report report, List<State> samples, TakingHub hub, Counts counts)
    {
        foreach (var (what, unit, of) in new (string, string, Func<State, double>)[]
        {
            ("resident", "MB", state => state.Megabytes), ("threads", "", state => state.Threads), ("handles", "", state => state.Handles), ("data folder", "KiB", state => state.DataKilobytes),
        })
        {
            var values = samples.ConvertAll(state => of(state));
            report.Add($"{what}, every 15 s", unit, values);

            // The first quarter fills caches and has the hot code compiled.
            var rest = values.Skip(values.Count / 4).ToList();
            report.Ratio($"{what}: last third / first third of the last three quarters", rest.Skip(rest.Count * 2 / 3).Average() / rest.Take(rest.Count / 3).Average(), "about 1");
        }

        report.Say($"{counts.Changes} changes, {hub.Events} events at the hub, {counts.Calls} calls, {counts.Lines} lines of logs and {counts.Steps} live messages read, {counts.Pages} pages opened; {counts.Faults} faults: {counts.LastFault}");
    }

    /// <summary>Begins a part of the load again whenever it ends.</summary>
    private static async Task EverAsync(Counts counts, Func<CancellationToken, Task> part, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await part(cancellationToken);
            }
            catch (Exception exception)
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    Interlocked.Increment(ref counts.Faults);
                    counts.LastFault = $"{exception.GetType().Name}: {exception.Message.Split('\n')[0]}";
                    await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private static async Task ChangeAsync(World world, string uid, Counts counts, CancellationToken cancellationToken)
    {
        var random = new Random();
        while (!cancellationToken.IsCancellationRequested)
        {
            for (var i = 0; i < ChangesASecond * Step.TotalSeconds; i++)
            {
                var ready = random.Next(2) == 0;
                await world.SetReadyAsync(random.Next(Services), ready ? "True" : "False", ready ? "" : $"Reason{random.Next(1000)}", cancellationToken);
                Interlocked.Increment(ref counts.Changes);
            }

            for (var i = 0; i < LinesASecond * Step.TotalSeconds; i++)
            {
                world.Cluster.Logs.Append(uid, "user-container", TimeProvider.System.GetUtcNow(), $"line {random.Next()} {new string('x', 100)}");
            }

            await Task.Delay(Step, cancellationToken);
        }
    }

    private static async Task CallAsync(World world, Counts counts, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = world.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", World.ApiToken);
        while (true)
        {
            var name = World.ServiceName(Random.Shared.Next(Services));
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/service/{name}/status")
            {
                Content = new StringContent($$"""{"id":0,"cluster_id":"","svc_name":"{{name}}","need_details":true,"deploy_type":1}""", Encoding.UTF8, "application/json"),
            };
            using var answer = await http.SendAsync(request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            Interlocked.Increment(ref counts.Calls);
            await Task.Delay(TimeSpan.FromSeconds(1.0 / CallsASecond), cancellationToken);
        }
    }

    private static async Task BrowseAsync(IPage page, World world, Counts counts, CancellationToken cancellationToken)
    {
        foreach (var path in Pages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await page.GotoAsync(new Uri(world.Address, path).ToString());
            await page.Locator("h1").First.WaitForAsync();
            Interlocked.Increment(ref counts.Pages);
            await Task.Delay(TimeSpan.FromSeconds(4), cancellationToken);
        }
    }

    private static async Task LiveAsync(World world, List<Cookie> cookies, int number, Counts counts, CancellationToken cancellationToken)
    {
        await using var connection = new HubConnectionBuilder().WithUrl(new Uri(world.Address, "/live"), options => cookies.ForEach(options.Cookies.Add)).Build();
        await connection.StartAsync(cancellationToken);
        using var stay = Leaving(number, cancellationToken);
        try
        {
            await foreach (var _ in connection.StreamAsync<System.Text.Json.JsonElement>("Workloads", stay.Token))
            {
                Interlocked.Increment(ref counts.Steps);
            }
        }
        catch (OperationCanceledException)
        {
            // It leaves, and another one comes.
        }
    }

    private static async Task FollowAsync(World world, int number, Counts counts, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = world.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/service/{World.ServiceName(0)}/logs/{LogBench.Pod}") { Content = new StringContent("""{"cluster_id":""}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", World.ApiToken);
        using var stay = Leaving(number, cancellationToken);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stay.Token);
            using var reader = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(stay.Token));
            while (await reader.ReadLineAsync(stay.Token) is not null)
            {
                Interlocked.Increment(ref counts.Lines);
            }
        }
        catch (OperationCanceledException)
        {
            // As above.
        }
    }

    /// <summary>Ends after a while, each at another time.</summary>
    private static CancellationTokenSource Leaving(int number, CancellationToken cancellationToken)
    {
        var stay = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stay.CancelAfter(Stay + TimeSpan.FromSeconds(number));
        return stay;
    }

    private sealed class Counts
    {
        public int Changes;
        public int Calls;
        public int Lines;
        public int Steps;
        public int Pages;
        public int Faults;
        public string LastFault = "none";
    }

    private sealed record State(double Megabytes, int Threads, int Handles, double DataKilobytes)
    {
        public static State Of(World world)
        {
            var state = ProgramState.Of(world);
            var data = new DirectoryInfo(world.Settings["RUNNER_DATA_DIR"]).EnumerateFiles("*", SearchOption.AllDirectories).Sum(Length);
            return new(state.Megabytes, state.Threads, state.Handles, data / 1024.0);
        }

        private static long Length(FileInfo file)
        {
            try
            {
                return file.Length;
            }
            catch (FileNotFoundException)
            {
                return 0;
            }
        }
    }
}
