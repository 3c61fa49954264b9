using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;
using MudBlazor;
using Runner.Engine;
using Runner.Web.Components.Texts;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Users;

namespace Runner.Web.Components.Dialogs;

/// <summary>From the button to the result, on the access and profile pages: asks, acts, and says what came of it.</summary>
internal sealed class AccessFlow(Questions questions, ISnackbar snackbar, IStringLocalizer<AccessText> words)
{
    /// <param name="key">Of the texts <c>.Title</c> and <c>.Text</c>; the title names <paramref name="name"/>.</param>
    /// <param name="label">Key of what the button says.</param>
    public async Task<bool> ConfirmAsync(string key, string name, string label) =>
        await questions.AskAsync<ConfirmDialog>(null, new DialogParameters<ConfirmDialog>
        {
            { d => d.Title, words[$"{key}.Title", name].Value },
            { d => d.Text, words[$"{key}.Text"].Value },
            { d => d.Do, words[label].Value },
        }).ConfigureAwait(true) is not null;

    /// <summary>Asks with a dialog that gives an answer.</summary>
    /// <returns>Null when it was cancelled.</returns>
    public async Task<TAnswer?> AskAsync<TDialog, TAnswer>(DialogParameters<TDialog>? parameters = null)
        where TDialog : IComponent
        where TAnswer : struct =>
        await questions.AskAsync<TDialog>(null, parameters ?? new DialogParameters<TDialog>()).ConfigureAwait(true) is { Data: TAnswer answer } ? answer : null;

    /// <summary>Acts, and says what came of it.</summary>
    /// <param name="done">What to say; null where something else shows it.</param>
    /// <returns>False when it was refused.</returns>
    public async Task<bool> RunAsync(Func<Task> act, string? done)
    {
        if (await TryAsync(act).ConfigureAwait(true) is { } refusal)
        {
            snackbar.Add(refusal, Severity.Error, options => options.RequireInteraction = true);
            return false;
        }

        if (done is not null)
        {
            snackbar.Add(done, Severity.Success);
        }

        return true;
    }

    /// <returns>Why it was refused, for people; null when it was done.</returns>
    public async Task<string?> TryAsync(Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(true);
            return null;
        }
        catch (UserRefusedException refused)
        {
            return words[$"Refusal.{refused.Reason}"];
        }
        catch (AccessRefusedException refused)
        {
            return words[$"Refusal.{refused.Reason}"];
        }
        catch (UnauthorizedAccessException)
        {
            return words["Refusal.Role"];
        }
        catch (IOException trouble)
        {
            // The disk, or with several replicas the cluster: it says what happened and what to try.
            return IExplained.Of(trouble).Shown;
        }
    }

    /// <summary>Shows a secret, once.</summary>
    public Task ShowAsync(string key, string name, string value, string example = "") => questions.ShowAsync<SecretDialog>(new DialogParameters<SecretDialog>
    {
        { d => d.Title, words[$"{key}.Title", name].Value },
        { d => d.Text, words[$"{key}.Text"].Value },
        { d => d.Value, value },
        { d => d.Example, example },
    });
}
