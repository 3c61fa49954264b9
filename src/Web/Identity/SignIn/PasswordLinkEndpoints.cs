using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>Choosing a password with a one-time link that an administrator handed over.</summary>
internal static class PasswordLinkEndpoints
{
    public const string Path = "/account/password";

    public static void MapPasswordLink(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Show).AllowAnonymous();
        routes.MapPost(Path, SetAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy).DisableAntiforgery();
    }

    private static async Task<IResult> Show(string? link, OneTimeLinks links, CancellationToken cancellationToken) =>
        link is { Length: > 0 } && await links.UserOfAsync(link, LinkPurpose.Password, cancellationToken).ConfigureAwait(false) is not null
            ? SignInPages.NewPassword(link)
            : SignInPages.Password(LocalUrl.Home, SignInProblem.LinkUsed);

    private static async Task<IResult> SetAsync(
        HttpContext context,
        [FromForm(Name = "Link")] string? link,
        [FromForm(Name = "Password")] string? password,
        [FromForm(Name = "Again")] string? again,
        IAntiforgery antiforgery,
        UserDirectory users,
        OneTimeLinks links,
        AuditLog audit,
        CancellationToken cancellationToken)
    {
        var (secret, chosen) = (link ?? "", password ?? "");
        if (!await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false))
        {
            return SignInPages.NewPassword(secret, SignInProblem.Expired);
        }

        if (await links.UserOfAsync(secret, LinkPurpose.Password, cancellationToken).ConfigureAwait(false) is not { } id || users.FindById(id) is not { Disabled: false } user)
        {
            await audit.WriteAsync("", SessionStart.AddressOf(context), AuditActions.PasswordChange, "", AuditOutcome.Refused, new AuditDetail(AuditSentence.LinkUsed), cancellationToken).ConfigureAwait(false);
            return SignInPages.Password(LocalUrl.Home, SignInProblem.LinkUsed);
        }

        // The link is used up only by a password that is taken.
        if (chosen != again)
        {
            return SignInPages.NewPassword(secret, SignInProblem.PasswordsDiffer);
        }

        if (PasswordPolicy.Problem(chosen, user.Name) is { } problem)
        {
            return SignInPages.NewPassword(secret, Enum.Parse<SignInProblem>(problem.ToString()));
        }

        if (await links.RedeemAsync(secret, LinkPurpose.Password, cancellationToken).ConfigureAwait(false) != id)
        {
            return SignInPages.Password(LocalUrl.Home, SignInProblem.LinkUsed);
        }

        await users.SetPasswordAsync(id, chosen, cancellationToken).ConfigureAwait(false);
        await audit.WriteAsync(user.Name, SessionStart.AddressOf(context), AuditActions.PasswordChange, user.Name, AuditOutcome.Done, new AuditDetail(AuditSentence.ByLink), cancellationToken).ConfigureAwait(false);
        return SignInPages.NewPassword("", done: true);
    }
}
