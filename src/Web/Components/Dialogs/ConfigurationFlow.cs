using Microsoft.Extensions.Localization;
using MudBlazor;
using Runner.Engine;
using Runner.Engine.Values;
using Runner.Web.Components.Models.Configuration;
using Runner.Web.Components.Texts;
using Runner.Web.Live;

namespace Runner.Web.Components.Dialogs;

/// <summary>From the button to the result, on the configuration page: asks, acts, and says what came of it.</summary>
internal sealed class ConfigurationFlow(
    Questions questions, ISnackbar snackbar, ConfigurationActions actions, DeployedReleases releases, IStringLocalizer<ConfigurationText> words, IStringLocalizer<Text> text)
{
    /// <summary>Whether the user may change the configuration.</summary>
    public Task<bool> MayAsync() => actions.MayAsync();

    /// <summary>Takes images and packages from mainland China.</summary>
    public void TakeChinaPreset(ConfigurationModel model)
    {
        if (model.TakeChinaPreset() is { } problem)
        {
            snackbar.Add(problem.Advice.Shown, Severity.Warning);
        }
    }

    /// <summary>Shows the secrets, which is noted, or hides them again.</summary>
    public async Task ToggleSecretsAsync(ConfigurationModel model)
    {
        if (model.SecretsShown)
        {
            model.SecretsShown = false;
            return;
        }

        await DoAsync(
            model,
            async () =>
            {
                await actions.ShowSecretsAsync(CancellationToken.None).ConfigureAwait(true);
                model.SecretsShown = true;
            },
            problem => problem).ConfigureAwait(true);
    }

    /// <summary>Asks for another file and takes it.</summary>
    public async Task ImportAsync(ConfigurationModel model)
    {
        var parameters = new DialogParameters<ImportValuesDialog> { { d => d.Release, releases.Current } };
        if (await questions.AskAsync<ImportValuesDialog>(words["Import.Title"], parameters).ConfigureAwait(true) is { Data: ImportValuesDialog.ImportedValues imported })
        {
            model.Import(imported.Text, imported.Chart, imported.FromRelease ? ConfigurationOrigin.Release : ConfigurationOrigin.Imported);
        }
    }

    /// <summary>Shows what migrating to the chosen chart gives, and takes it when it is confirmed.</summary>
    public async Task MigrateAsync(ConfigurationModel model)
    {
        if (model.Migration(model.Chart) is { } migrated
            && await questions.AskAsync<MigrateValuesDialog>(words["Migrate.Do"], new DialogParameters<MigrateValuesDialog> { { d => d.Migrated, migrated } }).ConfigureAwait(true) is not null)
        {
            model.Take(migrated);
        }
    }

    /// <summary>Asks why, and saves what is being edited.</summary>
    public async Task SaveAsync(ConfigurationModel model)
    {
        if (await WhyAsync(words["Save"], model.Errors).ConfigureAwait(true) is { } why)
        {
            await DoAsync(model, async () => Saved(model, await actions.SaveAsync(model.Text, model.Chart, why, model.BasedOn?.Number ?? 0, CancellationToken.None).ConfigureAwait(true)), NotSaved).ConfigureAwait(true);
        }
    }

    /// <summary>Asks why, and saves the text of an earlier version as the next one.</summary>
    public async Task RestoreAsync(ConfigurationModel model, ConfigurationVersion version)
    {
        if (await WhyAsync(words["History.RestoreNumber", version.Number], 0).ConfigureAwait(true) is { } why)
        {
            await DoAsync(model, async () => Saved(model, await actions.RestoreAsync(version.Number, why, model.Versions[0].Number, CancellationToken.None).ConfigureAwait(true)), NotSaved).ConfigureAwait(true);
        }
    }

    private void Saved(ConfigurationModel model, ConfigurationVersion version)
    {
        model.Saved(version);
        snackbar.Add(words["Saved", version.Number], Severity.Success);
    }

    private async Task<string?> WhyAsync(string title, int errors) =>
        (await questions.AskAsync<SaveValuesDialog>(title, new DialogParameters<SaveValuesDialog> { { d => d.Title, title }, { d => d.Errors, errors } }).ConfigureAwait(true))?.Data as string;

    private string NotSaved(string problem) => words["NotSaved", problem];

    /// <param name="failed">What to say when the disk, or the cluster that keeps the state, takes nothing now, of what that says.</param>
    private async Task DoAsync(ConfigurationModel model, Func<Task> act, Func<string, string> failed)
    {
        try
        {
            await act().ConfigureAwait(true);
        }
        catch (UnauthorizedAccessException)
        {
            snackbar.Add(text["Forbidden.Title"].Value + ". " + text["Forbidden.Text"].Value, Severity.Error);
        }
        catch (ConfigurationConflictException conflict)
        {
            model.RefreshVersions();
            snackbar.Add(words["Conflict", conflict.Newest.Number, conflict.Newest.Who], Severity.Error, options => options.RequireInteraction = true);
        }
        catch (IOException exception)
        {
            snackbar.Add(failed(IExplained.Of(exception).Shown), Severity.Error, options => options.RequireInteraction = true);
        }
    }
}
