"""URLs of sign-in, tokens and the user's own account."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("auth/register/", views.RegisterView.as_view(), name="register"),
    path("auth/login/", views.LoginView.as_view(), name="login"),
    path("auth/logout/", views.LogoutView.as_view(), name="logout"),
    path("auth/logoutall/", views.LogoutAllView.as_view(), name="logoutall"),
    path("auth/tokens/", views.TokensView.as_view(), name="tokens"),
    path("auth/tokens/<int:pk>/", views.TokenView.as_view(), name="token"),
    path("users/me/password/", views.PasswordView.as_view(), name="password"),
    path("users/me/", views.MeView.as_view(), name="me"),
]
