using Microsoft.Extensions.Localization;
using MudBlazor;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Web.Components.Models;
using Runner.Web.Live;

namespace Runner.Web.Components.Dialogs;

/// <summary>From the button to the result: asks, acts, and says what came of it.</summary>
internal sealed class ActionFlow(IDialogService dialogs, ISnackbar snackbar, WorkloadActions actions, IStringLocalizer<Text> text, IStringLocalizer<WorkloadText> workloadWords)
{
    /// <returns>True when it was confirmed and done to every workload.</returns>
    public async Task<bool> RunAsync(WorkloadAction action, IReadOnlyList<WorkloadKey> keys)
    {
        var parameters = new DialogParameters<ActionDialog> { { d => d.Action, action }, { d => d.Keys, keys } };
        if (await AskAsync<ActionDialog>(workloadWords[$"{action}.Do"], parameters).ConfigureAwait(true) is null)
        {
            return false;
        }

        return await TellAsync(
            async () => await actions.RunAsync(action, keys, CancellationToken.None).ConfigureAwait(true),
            done => keys.Count == 1 ? workloadWords[$"{action}.DoneOne", keys[0].Name] : workloadWords[$"{action}.DoneMany", done]).ConfigureAwait(true);
    }

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

    /// <returns>What was confirmed; null when it was not.</returns>
    private async Task<object?> AskAsync<TDialog>(string title, DialogParameters parameters)
        where TDialog : Microsoft.AspNetCore.Components.IComponent
    {
        var dialog = await dialogs.ShowAsync<TDialog>(title, parameters).ConfigureAwait(true);
        return await dialog.Result.ConfigureAwait(true) is { Canceled: false } answer ? answer.Data : null;
    }

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

            foreach (var result in results.Where(result => result.Problem is not null).Take(3))
            {
                snackbar.Add(text["Action.Failed", result.Key.Name, result.Problem!.Shown], Severity.Error, options => options.RequireInteraction = true);
            }

            return done == results.Count;
        }
        catch (UnauthorizedAccessException)
        {
            snackbar.Add(text["Forbidden.Title"].Value + ". " + text["Forbidden.Text"].Value, Severity.Error);
            return false;
        }
    }
}
