"""Why things are as they are: what holds two objects together, why something is built again, how two things differ."""
