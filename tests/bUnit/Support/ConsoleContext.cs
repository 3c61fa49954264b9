using System.Security.Claims;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Storage;
using Runner.Web.Components;
using Runner.Web.Components.Dialogs;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Identity;
using Runner.Web.Live;

namespace Runner.Tests.bUnit.Support;

/// <summary>The console's services around an engine that the test fills, for a signed-in user of one role.</summary>
public sealed class ConsoleContext : BunitContext
{
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private readonly Database _database;

    /// <param name="role">Of the user.</param>
    /// <param name="loki">Where the history of logs is; null where there is none.</param>
    /// <param name="more">Adds services of the test's own.</param>
    /// <param name="folder">Of the database; null for one of its own.</param>
    public ConsoleContext(ConsoleRole role = ConsoleRole.Operator, Uri? loki = null, Action<IServiceCollection>? more = null, string? folder = null)
    {
        _ownsFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("console-").FullName;
        _database = Database.Open(_folder);
        Diagnostics = new DiagnosticsBoard([new Check(CheckId.Disk, "", _ => Task.FromResult(Disk))], new RunnerOptions(), Clock);
        Audit = new AuditLog(_database, Clock);
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddLocalization();
        Services.AddLogging();
        Services.AddMudServices(options =>
        {
            options.PopoverOptions.CheckForPopoverProvider = false;
            options.SnackbarConfiguration.ShowTransitionDuration = 0;
            options.SnackbarConfiguration.HideTransitionDuration = 0;
        });
        Services.AddSingleton<IConsoleEngine>(Engine);
        Services.AddSingleton<TimeProvider>(Clock);
        Services.AddSingleton(Audit);
        Services.AddSingleton(new Runner.Engine.Logs.Collector.LokiQuery(new Runner.Engine.Configuration.RunnerOptions { LogCollector = new() { LokiUrl = loki } }, () => new(new HashSet<string> { "spaces" }, new HashSet<string> { "c-1" })));
        Services.AddSingleton<LivePace>();
        Services.AddScoped<LiveFeed>();
        Services.AddScoped<ActAudit>();
        Services.AddScoped<WorkloadActions>();
        Services.AddSingleton(Diagnostics);
        Services.AddScoped<ActionGate>();
        Services.AddScoped<DiagnosticsActions>();
        Services.AddScoped<WorkloadTexts>();
        Services.AddScoped<ReasonTexts>();
        Services.AddScoped<Questions>();
        Services.AddScoped<ActionFlow>();
        Services.AddSingleton(new RunnerOptions());
        more?.Invoke(Services);
        var authorization = AddAuthorization();
        authorization.SetAuthorized("somebody");
        authorization.SetClaims(new Claim(ClaimTypes.Role, role.ToString()));
        authorization.SetPolicies(role switch
        {
            ConsoleRole.Viewer => [ConsolePolicies.Viewer],
            ConsoleRole.Operator => [ConsolePolicies.Viewer, ConsolePolicies.Operator],
            _ => [ConsolePolicies.Viewer, ConsolePolicies.Operator, ConsolePolicies.Administrator],
        });

        // Starts the renderer, after which no service can be added.
        SetRendererInfo(new Microsoft.AspNetCore.Components.RendererInfo("Server", isInteractive: true));
    }

    public FakeConsoleEngine Engine { get; } = new();

    public FakeTimeProvider Clock { get; } = new(Samples.Now);

    public AuditLog Audit { get; }

    internal DiagnosticsBoard Diagnostics { get; }

    /// <summary>What the one check of <see cref="Diagnostics"/> finds.</summary>
    internal Verdict Disk { get; set; } = Verdict.Good("plenty");

    /// <summary>Drawn beside the component under test: dialogs and messages appear in them.</summary>
    public IRenderedComponent<MudBlazor.MudDialogProvider> Dialogs => _dialogs ??= Render<MudBlazor.MudDialogProvider>();

    private IRenderedComponent<MudBlazor.MudDialogProvider>? _dialogs;

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        await _database.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
