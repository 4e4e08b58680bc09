# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The frameworks that are known, by what a manifest or an import calls them."""

from __future__ import annotations

from typing import Final

from ..vocabulary import vocabulary

# framework, form of its import or dependency; the order is the precedence within a runtime
PYTHON: Final = (
    ("streamlit", r"streamlit"),
    ("gradio", r"gradio"),
    ("chainlit", r"chainlit"),
    ("nicegui", r"nicegui"),
    ("django", r"django"),
    ("fastapi", r"fastapi"),
    ("flask", r"flask"),
    ("dash", r"dash"),
    ("litestar", r"litestar"),
    ("sanic", r"sanic"),
    ("quart", r"quart"),
    ("bottle", r"bottle"),
    ("tornado", r"tornado"),
    ("pyramid", r"pyramid"),
    ("falcon", r"falcon"),
    ("cherrypy", r"cherrypy"),
    ("reflex", r"reflex"),
    ("flet", r"flet"),
    ("panel", r"panel"),
    ("starlette", r"starlette"),
    ("slack-bolt", r"slack[_-]bolt"),
    ("discord.py", r"discord"),
    ("aiogram", r"aiogram"),
    ("python-telegram-bot", r"telegram|python-telegram-bot"),
    ("pytelegrambotapi", r"telebot|pyTelegramBotAPI"),
    ("pyrogram", r"pyrogram"),
    ("telethon", r"telethon"),
    ("aiohttp", r"aiohttp"),
    ("scrapy", r"scrapy"),
    ("jupyter", r"jupyter|notebook|jupyterlab|voila"),
)
NODE: Final = (
    ("next", "next"),
    ("nuxt", "nuxt"),
    ("nuxt", "nuxt3"),
    ("remix", "@remix-run/node"),
    ("remix", "@remix-run/react"),
    ("sveltekit", "@sveltejs/kit"),
    ("nest", "@nestjs/core"),
    ("nest", "@nestjs/common"),
    ("adonis", "@adonisjs/core"),
    ("strapi", "@strapi/strapi"),
    ("meteor", "meteor-node-stubs"),
    ("fastify", "fastify"),
    ("koa", "koa"),
    ("hapi", "@hapi/hapi"),
    ("hono", "hono"),
    ("express", "express"),
    ("node-red", "node-red"),
    ("slack-bolt", "@slack/bolt"),
    ("discord.js", "discord.js"),
    ("telegraf", "telegraf"),
    ("telegram-bot", "node-telegram-bot-api"),
    ("gatsby", "gatsby"),
    ("astro", "astro"),
    ("docusaurus", "@docusaurus/core"),
    ("eleventy", "@11ty/eleventy"),
    ("vitepress", "vitepress"),
    ("expo", "expo"),
    ("react-native", "react-native"),
    ("electron", "electron"),
    ("angular", "@angular/core"),
    ("svelte", "svelte"),
    ("solid", "solid-js"),
    ("vue", "vue"),
    ("preact", "preact"),
    ("react", "react"),
    ("vite", "vite"),
    ("socket.io", "socket.io"),
)
SERVERS: Final = vocabulary(
    "next nuxt remix sveltekit nest adonis strapi meteor fastify koa hapi hono express node-red slack-bolt "
    "discord.js telegraf telegram-bot"
)
SITE_MAKERS: Final = frozenset({"eleventy", "vitepress", "docusaurus"})
GO: Final = (
    ("gin", "gin-gonic/gin"),
    ("echo", "labstack/echo"),
    ("fiber", "gofiber/fiber"),
    ("chi", "go-chi/chi"),
    ("gorilla", "gorilla/mux"),
    ("beego", "beego/beego"),
    ("httprouter", "julienschmidt/httprouter"),
    ("net/http", '"net/http"'),
)
JAVA: Final = (
    ("spring-boot", "spring-boot"),
    ("spring-boot", "org.springframework.boot"),
    ("quarkus", "quarkus"),
    ("micronaut", "micronaut"),
    ("ktor", "io.ktor"),
    ("javalin", "javalin"),
    ("vaadin", "vaadin"),
    ("servlet", "servlet-api"),
    ("spark", "spark-core"),
    ("dropwizard", "dropwizard"),
    ("struts", "struts2"),
)
PHP: Final = (
    ("laravel", "laravel/framework"),
    ("symfony", "symfony/framework-bundle"),
    ("slim", "slim/slim"),
    ("codeigniter", "codeigniter4/framework"),
    ("cakephp", "cakephp/cakephp"),
    ("yii", "yiisoft/yii2"),
    ("lumen", "laravel/lumen-framework"),
    ("wordpress", "wordpress"),
)
RUBY: Final = (
    ("rails", r"['\"]rails['\"]"),
    ("sinatra", r"['\"]sinatra['\"]"),
    ("hanami", r"['\"]hanami['\"]"),
    ("roda", r"['\"]roda['\"]"),
)
# What only Google Apps Script has, whatever the file is called: clasp writes .js.
APPS_SCRIPT: Final = (
    r"\b(?:SpreadsheetApp|HtmlService|DriveApp|GmailApp|MailApp|UrlFetchApp|PropertiesService|ContentService|ScriptApp|"
    r"DocumentApp|FormApp|CalendarApp|LockService)\.\w+\("
)
