using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Localization;
using Runner.Engine;
using Runner.Engine.Diagnostics;
using Runner.Engine.Diagnostics.Dependencies;
using Runner.Engine.Diagnostics.Installation;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.ObjectStore;
using Runner.Engine.Probes;
using Runner.Engine.Registry;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Operations;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Operations;
using Runner.Web.Components.Pages;
using Runner.Web.Components.Texts;
using Runner.Web.Identity;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed partial class OperationsTests
{
    [Fact]
    public async Task A_check_that_fails_is_shown_with_cause_remedy_and_evidence_and_is_offered_to_the_overview()
    {
        await using var console = new ConsoleContext { Disk = Verdict.Bad(CheckCause.DiskLow, ["120 MiB / 9999 MiB"], "120 MiB") };
        var page = console.Render<Diagnostics>();
        var overview = console.Render<FailingChecks>();
        Assert.Empty(overview.FindAll(".failing"));

        await page.Find("button.mud-button-root").ClickAsync(new());

        page.WaitForAssertion(() => Assert.Contains("Only 120 MiB are left", page.Find(".check-bad").TextContent, StringComparison.Ordinal));
        Assert.Contains("120 MiB / 9999 MiB", page.Find(".check-bad").TextContent, StringComparison.Ordinal);
        overview.WaitForAssertion(() => Assert.Contains("Only 120 MiB", overview.Find(".failing").TextContent, StringComparison.Ordinal));
        Assert.Equal(AuditActions.RunDiagnostics, console.Audit.Read(1)[0].Action);
    }

    [Fact]
    public async Task A_viewer_is_offered_no_act_and_each_is_refused_on_the_server_and_audited()
    {
        await using var console = new ConsoleContext(ConsoleRole.Viewer);
        Assert.Empty(console.Render<Diagnostics>().FindAll("button"));
        var gate = console.Services.GetRequiredService<ActionGate>();
        var cancel = Xunit.TestContext.Current.CancellationToken;
        var connections = new ConnectionActions(null!, gate);

        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => new HubActions(null!, gate).RetryAsync(cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => new DiagnosticsActions(console.Diagnostics, gate).RunAsync(null, cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await connections.TestAsync((RegistryTarget?)null, cancel).ToListAsync(cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await connections.TestAsync((ObjectStoreTarget?)null, cancel).ToListAsync(cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => connections.SaveAsync(Registry, cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await new InstallActions(null!, gate).RunAsync("c", [], InstallMode.Create, true, cancel).ToListAsync(cancel));

        var refused = console.Audit.Read(10);
        Assert.Equal(6, refused.Count);
        Assert.All(refused, entry => Assert.Equal(AuditOutcome.Refused, entry.Outcome));
    }

    [Fact]
    public async Task An_operator_tests_what_is_configured_but_tries_nothing_else()
    {
        await using var console = new ConsoleContext(ConsoleRole.Operator);
        var gate = console.Services.GetRequiredService<ActionGate>();
        var cancel = Xunit.TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await new ConnectionActions(null!, gate).TestAsync(Registry, cancel).ToListAsync(cancel));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(async () => await new InstallActions(null!, gate).RunAsync("c", [], InstallMode.Create, true, cancel).ToListAsync(cancel));
    }

    [Fact]
    public void A_password_that_is_kept_goes_to_nobody_but_its_own_registry()
    {
        var typed = Registry with { Password = "" };

        Assert.Equal("kept", ConnectionActions.Merge(Registry with { Password = "kept" }, typed).Password);
        Assert.Equal("", ConnectionActions.Merge(Registry with { Password = "kept" }, typed with { Address = "elsewhere.example.com" }).Password);
        Assert.Equal("", ConnectionActions.Merge(Registry with { Password = "kept" }, typed with { UserName = "other" }).Password);
        Assert.Equal("", ConnectionActions.Merge(Registry with { Password = "kept" }, typed with { PlainHttp = true }).Password);
    }

    [Fact]
    public void Events_are_chosen_by_state_and_by_any_of_their_words()
    {
        OutboxEvent Event(long sequence, string of, DateTimeOffset? sent, bool refused = false) => new(sequence, of, "service.updated", "c", Samples.Now, sent, refused ? 2 : 0, null, refused ? LocalText.Verbatim("not wanted") : LocalText.None, "{}") { Refused = refused };
        OutboxEvent[] all = [Event(3, "spaces/a", null), Event(2, "spaces/b", null, refused: true), Event(1, "spaces/a", Samples.Now)];

        Assert.Equal([3, 1], HubModel.Choose(all, new() { Filter = "spaces/a" }).Select(e => e.Sequence));
        Assert.Equal([2], HubModel.Choose(all, new() { State = EventState.Refused }).Select(e => e.Sequence));
        Assert.Equal([2], HubModel.Choose(all, new() { Filter = "WANTED" }).Select(e => e.Sequence));
        Assert.Equal([3, 2, 1], HubModel.Choose(all, new()).Select(e => e.Sequence));
        Assert.Equal([1, 2, 3], HubModel.Choose(all, HubQuery.Parse("?sort=-age")).Select(e => e.Sequence));
        Assert.Equal([3, 2, 1], HubModel.Choose(all, HubQuery.Parse("?sort=state")).Select(e => e.Sequence));

        // As on the page of workloads: what a chip would show, whichever is pressed.
        Assert.Equal([(EventState.Sent, 1), (EventState.Waiting, 1)], HubModel.Counts(all, new() { State = EventState.Refused, Filter = "spaces/a" }).Select(count => (count.Key, count.Value)).OrderByDescending(count => count.Key));
        var query = new HubQuery { State = EventState.Sent, Filter = "a&b", Event = 7, Sort = "problem", Descending = true };
        Assert.Equal("hub?filter=a%26b&state=sent&sort=-problem&event=7", query.Address);
        Assert.Equal(query, HubQuery.Parse(new Uri("http://x/" + query.Address).Query));
    }

    [Fact]
    public async Task One_thing_is_not_told_as_several()
    {
        await using var console = new ConsoleContext();
        var texts = console.Services.GetRequiredService<IStringLocalizer<OperationsText>>();
        string Waiting(string number) => texts.Cause(
            new(CheckId.GpuWaiting, "", CheckState.Warning, CheckCause.TasksWait, new[] { number }.ToEquatableList(), EquatableList<LocalText>.Empty, null, TimeSpan.Zero));

        Assert.Equal(("One workload waits for accelerators.", "2 workloads wait for accelerators."), (Waiting("1"), Waiting("2")));
        Assert.Equal(("Install one object", "Install 1,200 objects"), (texts.Counted("Dependencies.DoInstall", 1), texts.Counted("Dependencies.DoInstall", 1200)));
    }

    [Fact]
    public void Their_texts_are_complete_in_both_languages()
    {
        var (english, chinese) = (Read(CultureInfo.InvariantCulture), Read(new CultureInfo("zh-Hans")));
        string[] Of<T>(params string[] groups)
            where T : struct, Enum => [.. groups.SelectMany(group => Enum.GetNames<T>().Select(name => $"{group}.{name}"))];
        string[] needed =
        [
            .. Of<ProbeFault>("Fault", "Try").Except(["Fault.None", "Try.None"]), .. Of<ProbeStepId>("Step"), .. Of<ProbeOutcome>("Outcome"), .. Of<SettingOrigin>("Origin"),
            .. Of<CheckId>("Check"), .. Of<CheckState>("CheckState"), .. Of<CheckCause>("Cause", "Remedy").Except(["Cause.None", "Remedy.None"]), .. Of<EventState>("Hub"),
            .. Of<DependencyState>("DependencyState"), .. Of<InstallOutcome>("InstallOutcome"), .. Of<InstallMode>("Dependencies.Mode"), .. DependencyCatalog.All.Select(one => $"Dependency.{one.Id}"),
        ];

        Assert.Empty(needed.Except(english.Keys));
        Assert.Equal(english.Keys.Order(), chinese.Keys.Order());
        Assert.DoesNotContain(english, entry => !Holes(entry.Value).SetEquals(Holes(chinese[entry.Key])));
    }

    private static RegistryTarget Registry => new("registry.example.com", "builder", "secret", "", PlainHttp: false, SkipTlsVerify: false);

    private static HashSet<string> Holes(string text) => [.. Hole().Matches(text).Select(match => match.Value)];

    private static Dictionary<string, string> Read(CultureInfo culture) =>
        new ResourceManager("Runner.Web.Components.Texts.OperationsText", typeof(OperationsText).Assembly).GetResourceSet(culture, createIfNotExists: true, tryParents: false)!
            .Cast<System.Collections.DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Hole();
}
