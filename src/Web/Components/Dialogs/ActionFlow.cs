using Microsoft.Extensions.Localization;
using MudBlazor;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Web.Components.Models.Workloads;
using Runner.Web.Components.Texts;
using Runner.Web.Live;

namespace Runner.Web.Components.Dialogs;

/// <summary>From the button to the result: asks, acts, and says what came of it.</summary>
internal sealed class ActionFlow(Questions questions, ISnackbar snackbar, WorkloadActions actions, IStringLocalizer<Text> text, IStringLocalizer<WorkloadText> workloadWords)
{
    /// <summary>The act on many workloads that is under way, or was last; also while another page is open.</summary>
    public BulkRun Bulk { get; } = new();

    /// <returns>True when it was confirmed and done.</returns>
    public async Task<bool> RunAsync(WorkloadAction action, WorkloadKey key) =>
        await ConfirmAsync(action, [key]).ConfigureAwait(true) && await RunAsync(action, [key], null).ConfigureAwait(true);

    /// <summary>Asks, and acts on many workloads, which <see cref="Bulk"/> tells of. While one such act is under way no other begins.</summary>
    /// <returns>True when it was confirmed and done to every workload.</returns>
    public async Task<bool> RunManyAsync(WorkloadAction action, IReadOnlyList<WorkloadKey> keys)
    {
        if (Bulk.Running || !await ConfirmAsync(action, keys).ConfigureAwait(true) || !Bulk.Begin(action, keys.Count))
        {
            return false;
        }

        try
        {
            return await RunAsync(action, keys, Bulk).ConfigureAwait(true);
        }
        finally
        {
            Bulk.End();
        }
    }

    /// <summary>Shows everything that failed.</summary>
    public Task ShowAsync(IReadOnlyList<ActionResult> troubles) => questions.ShowAsync<TroublesDialog>(new DialogParameters<TroublesDialog> { { d => d.Troubles, troubles } });

    /// <summary>What people must know of a result, in their language.</summary>
    internal static string Why(ActionResult result, IStringLocalizer<WorkloadText> workloadWords) =>
        result.Problem?.Shown ?? (result.Unnoted is { } unnoted ? workloadWords["Act.Unnoted", unnoted.Shown] : "");

    /// <returns>True when it was confirmed and done.</returns>
    public async Task<bool> ScaleAsync(Workload workload)
    {
        if (await AskAsync<ScaleDialog>(workloadWords["Scale.Do"], new DialogParameters<ScaleDialog> { { d => d.Workload, workload } }).ConfigureAwait(true) is not ReplicaRange range)
        {
            return false;
        }

        return await TellAsync(
            async () => [await actions.ScaleAsync(workload.Key, range, CancellationToken.None).ConfigureAwait(true)],
            _ => workloadWords["Scale.Done", workload.Key.Name, range.Min, range.Max]).ConfigureAwait(true);
    }

    /// <param name="model">How the requests are to be shared out; confirmed as it is now, whatever is typed meanwhile.</param>
    /// <returns>True when it was confirmed and done.</returns>
    public async Task<bool> SetTrafficAsync(WorkloadKey key, TrafficModel model)
    {
        var (rows, shares) = (model.Rows, model.Shares);
        var parameters = new DialogParameters<TrafficDialog> { { d => d.Name, key.Name }, { d => d.Rows, rows } };
        if (await AskAsync<TrafficDialog>(workloadWords["Traffic.Do"], parameters).ConfigureAwait(true) is null)
        {
            return false;
        }

        return await TellAsync(
            async () => [await actions.SetTrafficAsync(key, shares, CancellationToken.None).ConfigureAwait(true)],
            _ => workloadWords["Traffic.Done", key.Name]).ConfigureAwait(true);
    }

    /// <summary>How many of many failed; of those that did not, but are not in the audit log, how many they are.</summary>
    internal static string Summary(IReadOnlyList<ActionResult> troubles, IStringLocalizer<WorkloadText> workloadWords)
    {
        var failed = troubles.Count(result => result.Problem is not null);
        return failed > 0 ? workloadWords["Bulk.Failed", failed] : workloadWords["Bulk.Unnoted", troubles.Count];
    }

    private async Task<bool> ConfirmAsync(WorkloadAction action, IReadOnlyList<WorkloadKey> keys) =>
        await AskAsync<ActionDialog>(workloadWords[$"{action}.Do"], new DialogParameters<ActionDialog> { { d => d.Action, action }, { d => d.Keys, keys } }).ConfigureAwait(true) is not null;

    private Task<bool> RunAsync(WorkloadAction action, IReadOnlyList<WorkloadKey> keys, IProgress<ActionResult>? each) => TellAsync(
        async () => await actions.RunAsync(action, keys, each, CancellationToken.None).ConfigureAwait(true),
        done => keys.Count == 1 ? workloadWords[$"{action}.DoneOne", keys[0].Name] : workloadWords[$"{action}.DoneMany", done]);

    /// <returns>What was confirmed; null when it was not.</returns>
    private async Task<object?> AskAsync<TDialog>(string title, DialogParameters parameters)
        where TDialog : Microsoft.AspNetCore.Components.IComponent => (await questions.AskAsync<TDialog>(title, parameters).ConfigureAwait(true))?.Data;

    private async Task<bool> TellAsync(Func<Task<IReadOnlyList<ActionResult>>> act, Func<int, string> success)
    {
        try
        {
            var results = await act().ConfigureAwait(true);
            var done = results.Count(result => result.Problem is null);
            if (done > 0)
            {
                snackbar.Add(success(done), Severity.Success);
            }

            Tell([.. results.Where(result => result.IsTrouble)]);
            return done == results.Count;
        }
        catch (UnauthorizedAccessException)
        {
            snackbar.Add(text["Forbidden.Title"].Value + ". " + text["Forbidden.Text"].Value, Severity.Error);
            return false;
        }
    }
    private void Tell(List<ActionResult> troubles)
    {
        if (troubles is [var only])
        {
            snackbar.Add(text["Action.Failed", only.Key.Name, Why(only, workloadWords)], Severity.Error, options => options.RequireInteraction = true);
        }
        else if (troubles.Count > 1)
        {
            snackbar.Add(
                Summary(troubles, workloadWords),
                Severity.Error,
                options =>
                {
                    options.RequireInteraction = true;
                    options.Action = workloadWords["Bulk.Show"];
                    options.OnClick = _ => ShowAsync(troubles);
                });
        }
    }
}
