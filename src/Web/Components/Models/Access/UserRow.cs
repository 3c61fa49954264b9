using Microsoft.Extensions.Localization;
using Runner.Web.Components.Models.Tables;
using Runner.Web.Components.Texts;
using Runner.Web.Identity.Users;

namespace Runner.Web.Components.Models.Access;

/// <summary>One user as the table shows it, in the reader's language.</summary>
/// <param name="Open">How many sessions are open.</param>
public sealed record UserRow(ConsoleUser User, string Role, string State, string Source, string Factor, int Open)
{
    public static TableColumns<UserRow> Columns { get; } = new(
        "name",
        TableColumn.Words<UserRow>("name", row => row.User.Name),
        new("role", true, false, (a, b) => a.User.Role.CompareTo(b.User.Role)) { Text = row => row.Role },
        TableColumn.Spoken<UserRow>("state", row => row.State),
        TableColumn.Spoken<UserRow>("source", row => row.Source),
        TableColumn.Spoken<UserRow>("factor", row => row.Factor),

        // By how long ago it was, as it is shown; never is longest ago.
        new("signed-in", true, false, (a, b) => Nullable.Compare(b.User.LastSignIn, a.User.LastSignIn)),
        TableColumn.Figure("open", (UserRow row) => row.Open));

    /// <summary>The row of a user.</summary>
    public static UserRow Of(ConsoleUser user, int open, IStringLocalizer<Text> texts, IStringLocalizer<AccessText> words) => new(
        user,
        texts[$"Role.{user.Role}"],
        words[user.Disabled ? "State.Disabled" : IsActive(user) ? "State.Active" : "State.Invited"],
        words[user.IsLocal ? "Source.Local" : "Source.Outside"],
        !user.IsLocal ? "–" : words[user.HasSecondFactor ? "Factor.On" : "Factor.Off"],
        open);

    /// <summary>Whether somebody can sign in with it.</summary>
    public static bool IsActive(ConsoleUser user) => !user.Disabled && (user.HasPassword || !user.IsLocal);
}
